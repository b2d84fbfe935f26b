import type { Address, Hex } from "viem";
import type { Contracts } from "../history/events.ts";
import type { Check } from "./checks.ts";
import type { AmountCode, MessageCode, UnseenCode, ValuesOf } from "./messages.ts";
import type { AuditRow } from "./rows.ts";
import type { Claim, Domains, Recover } from "./signing.ts";
import type { AuditState } from "./state.ts";

/** Whether a contract wallet accepted a signature in a transaction (ERC-1271); undefined when that can't be known. */
export type IsAccepted = (
  wallet: Address,
  digest: Hex,
  signature: Hex,
  at: { readonly blockNumber: number; readonly transaction: Hex },
) => Promise<boolean | undefined>;

/** What a rule needs to judge one transaction. */
export interface AuditContext {
  readonly state: AuditState;
  readonly contracts: Contracts;
  readonly domains: Domains;
  readonly blockNumber: number;
  /** Unix seconds. */
  readonly time: number;
  readonly transaction: Hex;
  /** Whether signatures are checked. */
  readonly checksSignatures: boolean;
  /** Whether the account or device named in a claim signed it; see `isSignedByNamed`. */
  isSignedByNamed(claim: Claim): boolean;
  readonly recover: Recover;
  readonly isAccepted: IsAccepted;
  /** Counts things that were checked. */
  checked(check: Check, count?: number): void;
  /** Counts things that could not be judged. */
  unseen(check: Check, why: UnseenCode): void;
  /** Reports a failed check. */
  found<Code extends MessageCode>(
    check: Check,
    code: Code,
    values: ValuesOf<Code>,
    microgrid?: number,
  ): void;
  row(row: AuditRow): void;
}

/** Counts a check, and reports it unless it holds. */
export function expect<Code extends MessageCode>(
  context: AuditContext,
  check: Check,
  holds: boolean,
  code: Code,
  values: ValuesOf<Code>,
  microgrid?: number,
): boolean {
  context.checked(check);
  if (!holds) context.found(check, code, values, microgrid);
  return holds;
}

/** As {@link expect}, for two amounts that must be equal. */
export const expectEqual = (
  context: AuditContext,
  check: Check,
  code: AmountCode,
  found: bigint,
  due: bigint,
  microgrid?: number,
): boolean => expect(context, check, found === due, code, { found, due }, microgrid);

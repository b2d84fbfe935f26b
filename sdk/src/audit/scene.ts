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

/** What a rule sees while the audit looks at one transaction. */
export interface Scene {
  readonly state: AuditState;
  readonly contracts: Contracts;
  readonly domains: Domains;
  readonly blockNumber: number;
  /** Unix seconds. */
  readonly time: number;
  readonly transaction: Hex;
  /** Whether signatures are checked. */
  readonly checksSignatures: boolean;
  /** Whether the one named in a claim signed it; see `isSignedByNamed`. */
  isSignedByNamed(claim: Claim): boolean;
  readonly recover: Recover;
  readonly isAccepted: IsAccepted;
  /** Counts things that were checked. */
  checked(check: Check, count?: number): void;
  /** Counts things that can't be judged. */
  unseen(check: Check, why: UnseenCode): void;
  /** Something should not be. */
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
  scene: Scene,
  check: Check,
  holds: boolean,
  code: Code,
  values: ValuesOf<Code>,
  microgrid?: number,
): boolean {
  scene.checked(check);
  if (!holds) scene.found(check, code, values, microgrid);
  return holds;
}

/** As {@link expect}, for two amounts that should be the same. */
export const expectEqual = (
  scene: Scene,
  check: Check,
  code: AmountCode,
  found: bigint,
  due: bigint,
  microgrid?: number,
): boolean => expect(scene, check, found === due, code, { found, due }, microgrid);

import { type Address, getAddress, type Hex, isAddressEqual } from "viem";
import { type DecodedCall, decodeCalls, type UndecodedCall } from "../history/calls.ts";
import type { Contracts } from "../history/events.ts";
import { type Position, positionIdOf } from "../history/positions.ts";
import type { Order, Reading } from "../typedData.ts";
import type { ChainTransaction } from "./chain.ts";

type ArgsOf<Name extends string> = Extract<DecodedCall, { functionName: Name }>["args"];

/** What a taker wants of a posted price. */
export type Take = ArgsOf<"accept">[2];

/** A match of a batch, as `settle` takes it. */
export type SettleMatch = ArgsOf<"settle">[2][number];

/** The arguments of a call of each kind. */
interface CallBodies {
  readonly accept: TakeBody;
  readonly reserve: TakeBody;
  readonly settle: {
    readonly orders: readonly Order[];
    readonly signatures: readonly Hex[];
    readonly matches: readonly SettleMatch[];
  };
  /** One block of one of the call's releases. */
  readonly release: ReleaseBody;
  readonly report: { readonly reading: Reading; readonly signature: Hex };
  readonly deposit: MoneyBody;
  readonly withdraw: MoneyBody;
}

interface TakeBody {
  readonly order: Order;
  readonly signature: Hex;
  readonly take: Take;
}

interface ReleaseBody {
  readonly positionId: Hex;
  readonly position: Position;
  readonly blockNumber: number;
  /** Whether slots without a reading are called undelivered. */
  readonly isCalling: boolean;
}

interface MoneyBody {
  readonly currency: Address;
  /** Whose money it is: the sender's, or that of who has signed. */
  readonly holder: Address;
  /** Base units. */
  readonly amount: bigint;
}

/** A call of this kind, and who made it. */
export type CallOf<Kind extends keyof CallBodies> = {
  readonly kind: Kind;
  readonly sender: Address;
} & CallBodies[Kind];

/** A call that the audit can check events against. */
export type Call = { [Kind in keyof CallBodies]: CallOf<Kind> }[keyof CallBodies];

/** The calls of a transaction that the audit could read. */
export interface SeenCalls {
  readonly calls: readonly Call[];
  /** There may be others: made by a contract that was not traced, or with arguments that only the EVM can read. */
  readonly hidden: boolean;
}

/** Whether a call of this address runs no code but Wattline's, so that its calldata shows every call. */
export const isPlain = (contracts: Contracts, to: Address | undefined): boolean =>
  to !== undefined &&
  // Not the token: it calls receivers of energy, and what they call is not in the calldata.
  [contracts.marketplace, contracts.microgrids, contracts.meters].some((address) =>
    isAddressEqual(address, to),
  );

/** The calls of a transaction that left events, in their order; a multicall's one by one. */
export function callsOf(contracts: Contracts, transaction: ChainTransaction): SeenCalls {
  const { from, to, input, traced } = transaction;
  const sent = to !== undefined && isPlain(contracts, to) ? [{ from, to, input }] : undefined;
  const calls: Call[] = [];
  let hidden = traced === undefined && sent === undefined;
  for (const call of traced ?? sent ?? []) {
    if (!isPlain(contracts, call.to)) continue;
    const sender = getAddress(call.from);
    for (const decoded of decodeCalls(contracts, call)) {
      calls.push(...judgedOf(sender, decoded));
      if (decoded.functionName === undefined && decoded.isKnown) hidden = true;
    }
  }
  return { calls, hidden };
}

function judgedOf(sender: Address, call: DecodedCall | UndecodedCall): Call[] {
  switch (call.functionName) {
    case "accept":
    case "reserve": {
      const [order, signature, take] = call.args;
      return [{ kind: call.functionName, sender, order, signature, take }];
    }
    case "settle": {
      const [orders, signatures, matches] = call.args;
      return [{ kind: "settle", sender, orders, signatures, matches }];
    }
    case "release":
    case "undelivered": {
      const isCalling = call.functionName === "undelivered";
      return call.args[0].flatMap((release) => releasesOf(sender, release, isCalling));
    }
    case "report": {
      const [reading, signature] = call.args;
      return [{ kind: "report", sender, reading, signature }];
    }
    case "deposit":
    case "depositWithPermit": {
      const [currency, amount] = call.args;
      return [{ kind: "deposit", sender, currency, holder: sender, amount }];
    }
    case "depositWithAuthorization": {
      const [currency, holder, amount] = call.args;
      return [{ kind: "deposit", sender, currency, holder, amount }];
    }
    case "withdraw": {
      const [currency, amount] = call.args;
      return [{ kind: "withdraw", sender, currency, holder: sender, amount }];
    }
    case "withdrawFor": {
      const [holder, currency, amount] = call.args;
      return [{ kind: "withdraw", sender, currency, holder, amount }];
    }
    default:
      return [];
  }
}

function releasesOf(
  sender: Address,
  { position, blocks }: ArgsOf<"release">[0][number],
  isCalling: boolean,
): CallOf<"release">[] {
  const positionId = positionIdOf(position);
  const releases: CallOf<"release">[] = [];
  for (let index = 0; blocks >> BigInt(index) !== 0n; index++) {
    if (((blocks >> BigInt(index)) & 1n) === 0n) continue;
    const blockNumber = position.firstBlock + index;
    releases.push({ kind: "release", sender, positionId, position, blockNumber, isCalling });
  }
  return releases;
}

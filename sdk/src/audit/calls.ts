import { type Address, getAddress, type Hex, isAddressEqual } from "viem";
import { type DecodedCall, decodeCalls, type UndecodedCall } from "../history/calls.ts";
import type { Contracts, EventNamed } from "../history/events.ts";
import { type Position, positionIdOf } from "../history/positions.ts";
import { type Mandate, mandatesIn } from "../mandates.ts";
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
  /** What a holder says of its money or its orders, in one event. */
  readonly word: WordBody;
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

interface WordBody {
  readonly event: WordEvent;
  readonly holder: Address;
  /** The event's members that the call determines, see {@link saidIn}. */
  readonly said: string;
}

/** The events of what holders say. */
export type WordEvent = "Locked" | "Authorized" | "Cancelled" | "AllCancelled";

/** What an event of {@link WordEvent} says, as far as a call determines it. */
export function saidIn(event: EventNamed<WordEvent>): {
  readonly holder: Address;
  readonly said: string;
} {
  switch (event.eventName) {
    case "Locked": {
      const { currency, holder, settler, signer, until } = event.args;
      return { holder, said: [currency, settler, signer, until].join(" ") };
    }
    case "Authorized": {
      const { currency, maker, delegate, amount, until } = event.args;
      return { holder: maker, said: [currency, delegate, amount, until].join(" ") };
    }
    case "Cancelled":
      return { holder: event.args.maker, said: String(event.args.nonce) };
    case "AllCancelled":
      return { holder: event.args.holder, said: event.args.currency };
  }
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
  /** What was signed for calls that others submitted, in their order. */
  readonly mandates: readonly Mandate[];
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
  const mandates: Mandate[] = [];
  let hidden = traced === undefined && sent === undefined;
  for (const call of traced ?? sent ?? []) {
    if (!isPlain(contracts, call.to)) continue;
    const sender = getAddress(call.from);
    for (const decoded of decodeCalls(contracts, call)) {
      calls.push(...judgedOf(sender, decoded));
      mandates.push(...mandatesIn(decoded));
      if (decoded.functionName === undefined && decoded.isKnown) hidden = true;
    }
  }
  return { calls, mandates, hidden };
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
    case "deposit": {
      const [currency, amount] = call.args;
      return [{ kind: "deposit", sender, currency, holder: sender, amount }];
    }
    case "depositWithPermit":
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
    case "lock": {
      const said = call.args.join(" ");
      return [{ kind: "word", sender, event: "Locked", holder: sender, said }];
    }
    case "lockFor": {
      const [holder, currency, settler, signer, until] = call.args;
      const said = [currency, settler, signer, until].join(" ");
      return [{ kind: "word", sender, event: "Locked", holder, said }];
    }
    case "authorize": {
      const said = call.args.join(" ");
      return [{ kind: "word", sender, event: "Authorized", holder: sender, said }];
    }
    case "authorizeFor": {
      const [holder, currency, delegate, amount, until] = call.args;
      const said = [currency, delegate, amount, until].join(" ");
      return [{ kind: "word", sender, event: "Authorized", holder, said }];
    }
    case "cancel":
      return cancellationsOf(sender, sender, call.args[0]);
    case "cancelFor":
      return cancellationsOf(sender, call.args[0], call.args[1]);
    case "cancelAll": {
      const [said] = call.args;
      return [{ kind: "word", sender, event: "AllCancelled", holder: sender, said }];
    }
    case "cancelAllFor": {
      const [holder, said] = call.args;
      return [{ kind: "word", sender, event: "AllCancelled", holder, said }];
    }
    default:
      return [];
  }
}

const cancellationsOf = (sender: Address, holder: Address, nonces: readonly bigint[]) =>
  nonces.map((nonce): CallOf<"word"> => {
    return { kind: "word", sender, event: "Cancelled", holder, said: String(nonce) };
  });

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

import type { Address } from "viem";
import {
  decodeAbiParameters,
  getAddress,
  type Hex,
  isAddressEqual,
  slice,
  toFunctionSelector,
} from "viem";
import { marketplaceAbi } from "../abi/marketplace.ts";
import { metersAbi } from "../abi/meters.ts";
import type { Contracts } from "../history/events.ts";
import type { PositionTerms } from "../history/positions.ts";
import type { Order, Reading } from "../typedData.ts";
import type { ChainTransaction, ContractCall } from "./chain.ts";

/** What a taker took of a signed order. */
export interface Take {
  readonly microgrid: number;
  readonly meter: Address;
  readonly source: number;
  readonly firstBlock: number;
  readonly energy: readonly bigint[];
  readonly limit: bigint;
}

/** A match of a batch, as `settle` takes it. */
export interface SettleMatch {
  readonly offer: number;
  readonly bid: number;
  readonly source: number;
  readonly firstBlock: number;
  readonly energy: readonly bigint[];
}

/** What a call of each kind brought. */
interface CallBodies {
  readonly accept: TakeBody;
  readonly reserve: TakeBody;
  readonly settle: {
    readonly orders: readonly Order[];
    readonly signatures: readonly Hex[];
    readonly matches: readonly SettleMatch[];
  };
  /** One of those that the call brought. */
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
  readonly position: PositionTerms;
  readonly blockNumber: number;
}

interface MoneyBody {
  readonly currency: Address;
  readonly amount: bigint;
}

/** A call of this kind, and who made it. */
export type CallOf<Kind extends keyof CallBodies> = {
  readonly kind: Kind;
  readonly sender: Address;
} & CallBodies[Kind];

/** A call that the audit can check events against. */
export type Call = { [Kind in keyof CallBodies]: CallOf<Kind> }[keyof CallBodies];

interface FunctionItem {
  readonly type: "function";
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly [];
  readonly stateMutability: "nonpayable";
}

const isFunction = (item: unknown): item is FunctionItem =>
  typeof item === "object" && item !== null && "type" in item && item.type === "function";

const functionsOf = (abi: readonly unknown[]): ReadonlyMap<string, FunctionItem> =>
  new Map(abi.filter(isFunction).map((item) => [toFunctionSelector(item), item]));

const MARKET = functionsOf(marketplaceAbi);
const METERS = functionsOf(metersAbi);

/** What a transaction asked of Wattline's contracts, as far as it can be seen. */
export interface SeenCalls {
  readonly calls: readonly Call[];
  /** There may have been others: through a contract that was not traced, or written so that only the EVM can read them. */
  readonly hidden: boolean;
}

/** Whether a transaction to this address runs nobody's code but Wattline's before its calldata is done with. */
export const isPlain = (contracts: Contracts, to: Address | undefined): boolean =>
  to !== undefined &&
  // Not the token: it tells whoever receives energy of a holder, and what they do then is not in the calldata.
  [contracts.marketplace, contracts.meters].some((address) => isAddressEqual(address, to));

/** The calls of a transaction that left events, in their order; a multicall is taken apart. */
export function callsOf(contracts: Contracts, transaction: ChainTransaction): SeenCalls {
  const { from, to, input, traced } = transaction;
  const seen = new Unfolding(contracts);
  if (traced !== undefined) for (const call of traced) seen.unfold(call);
  else if (to !== undefined && isPlain(contracts, to)) seen.unfold({ from, to, input });
  else seen.hidden = true;
  return seen;
}

class Unfolding implements SeenCalls {
  readonly calls: Call[] = [];
  hidden = false;
  readonly #contracts: Contracts;

  constructor(contracts: Contracts) {
    this.#contracts = contracts;
  }

  unfold({ from, to, input }: ContractCall): void {
    const isMarket = isAddressEqual(to, this.#contracts.marketplace);
    if (!isMarket && !isAddressEqual(to, this.#contracts.meters)) return;
    const item = (isMarket ? MARKET : METERS).get(input.slice(0, 10));
    if (item === undefined) return;
    let args: Record<string, unknown>;
    try {
      const values = decodeAbiParameters(item.inputs, slice(input, 4));
      args = Object.fromEntries(item.inputs.map(({ name }, index) => [name, values[index]]));
    } catch {
      // The contracts have taken it: pointers may overlap or lead back on chain, and a decoder need not follow them.
      this.hidden = true;
      return;
    }
    const sender = getAddress(from);
    switch (item.name) {
      case "multicall":
        for (const data of (args as { data: readonly Hex[] }).data) {
          this.unfold({ from, to, input: data });
        }
        break;
      case "depositWithPermit":
        this.calls.push({ kind: "deposit", sender, ...args } as Call);
        break;
      case "release":
        for (const one of (args as { releases: readonly ReleaseBody[] }).releases) {
          this.calls.push({ kind: "release", sender, ...one });
        }
        break;
      case "accept":
      case "reserve":
      case "settle":
      case "report":
      case "deposit":
      case "withdraw":
        // The arguments have the types of the ABI that they were decoded by.
        this.calls.push({ kind: item.name, sender, ...args } as Call);
    }
  }
}

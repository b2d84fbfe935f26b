/** A chain at one block, and the accounts of its escrow. */
import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
  prepareEncodeFunctionData,
  zeroAddress,
} from "viem";
import { marketplaceAbi } from "./abi/marketplace.ts";
import type { Deployment } from "./deployment.ts";
import type { Microgrid } from "./microgrid.ts";

/** A chain as it stands at one block, for who judges orders. */
export interface ChainView {
  readonly deployment: Pick<Deployment, "marketplace" | "meters" | "energy">;
  /** See {@link OrderFacts.nowSeconds}. */
  readonly nowSeconds: number;
  readonly isOffline: boolean;
  /** What a microgrid is, from its events; undefined when there is none of this number. */
  microgrid(microgrid: number): Microgrid | undefined | Promise<Microgrid | undefined>;
  /** Asks a view of one of Wattline's contracts. @throws what the node throws */
  call(to: Address, data: Hex): Promise<Hex>;
  /** Asks any contract with that much gas; undefined when it reverts. @throws what the node throws */
  ask(to: Address, data: Hex, gas: bigint): Promise<Hex | undefined>;
}

/** Who a holder's money is bound to. */
export interface LockFacts {
  /** Until `untilSeconds` the money moves only in fills which this account makes. */
  readonly settler: Address;
  /** A key that may sign firm orders beside the holder's own; the zero address for none. */
  readonly signer: Address;
  /** Unix seconds; from then on the lock is not in force any more. */
  readonly untilSeconds: number;
}

/** A maker's account in the currency of the order's microgrid. */
export interface AccountFacts {
  readonly balanceMillis: bigint;
  /** What an order has to carry, unless it is firm. */
  readonly counter: bigint;
  /** The last lock, in force or not; undefined when there was none. */
  readonly lock: LockFacts | undefined;
}

/** What a delegate may still spend. */
export interface AllowanceFacts {
  readonly allowanceMillis: bigint;
  /** The last Unix second at which what it signed can be filled. */
  readonly untilSeconds: number;
}

/** A holder's account in a currency. @throws what the view throws */
export async function readAccount(
  view: ChainView,
  currency: Address,
  holder: Address,
): Promise<AccountFacts> {
  const ask = asker(view, view.deployment.marketplace, marketplaceAbi);
  const { balance, counter, lockedUntil } = await ask("accountOf", [currency, holder]);
  const { settler, signer } =
    lockedUntil === 0
      ? { settler: zeroAddress, signer: zeroAddress }
      : await ask("lockOf", [currency, holder]);
  return {
    balanceMillis: balance,
    counter,
    lock: lockedUntil === 0 ? undefined : { settler, signer, untilSeconds: lockedUntil },
  };
}

/** What a delegate may still spend for a maker. @throws what the view throws */
export async function readAllowance(
  view: ChainView,
  maker: Address,
  currency: Address,
  delegate: Address,
): Promise<AllowanceFacts> {
  const ask = asker(view, view.deployment.marketplace, marketplaceAbi);
  const { amount, until } = await ask("allowanceOf", [maker, currency, delegate]);
  return { allowanceMillis: amount, untilSeconds: until };
}

/** Asks the views of a contract by their names. */
export const asker =
  <abi extends Abi>(view: ChainView, to: Address, abi: abi) =>
  async <name extends ContractFunctionName<abi, "view">>(
    functionName: name,
    args: ContractFunctionArgs<abi, "view", name> & readonly unknown[],
  ): Promise<ContractFunctionReturnType<abi, "view", name>> => {
    const item = itemOf(abi, functionName);
    const answer = await view.call(to, encodeFunctionData<Abi, string>({ ...item, args }));
    // The ABI's own types, which viem can't follow through an ABI that is not known here.
    return decodeFunctionResult<Abi, string>({
      abi: item.abi,
      data: answer,
    }) as ContractFunctionReturnType<abi, "view", name>;
  };

/** A function of an ABI as viem finds it, and its selector: who judges orders asks a few functions a great many times. */
type Item = Pick<EncodeFunctionDataParameters<Abi, string>, "abi" | "functionName">;
const items = new WeakMap<Abi, Map<string, Item>>();

function itemOf(abi: Abi, name: string): Item {
  const known = items.get(abi) ?? new Map<string, Item>();
  items.set(abi, known);
  const item =
    known.get(name) ?? prepareEncodeFunctionData<Abi, string>({ abi, functionName: name });
  known.set(name, item);
  return item;
}

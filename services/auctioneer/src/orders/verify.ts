import { type SignatureCheck, type Snapshot, signatureChecker } from "@wattline/relay/chain";
import {
  ANYONE,
  type Deployment,
  isLimit,
  isPosted,
  type Judgement,
  judgeOrder,
  marketDomain,
  type Order,
  type OrderFacts,
  type SignedOrder,
  signedOrderToJson,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, zeroAddress } from "viem";

/** An order as the chain sees it at one block. */
export interface Verified extends SignedOrder {
  readonly hash: Hex;
  readonly facts: OrderFacts;
  readonly judgement: Judgement;
  /** Why this settler does not fill it, though it stands; undefined when it does. */
  readonly leftAlone: string | undefined;
}

/** Signatures that are remembered: an order is read again with every block. */
const MOST_KNOWN = 100_000;

/** Verifies orders by their signatures and on the chain, whoever they come from. */
export class Verifier {
  readonly #domain: ReturnType<typeof marketDomain>;
  readonly #settler: Address;
  readonly #known = new Map<string, SignatureCheck>();

  constructor({ chainId, marketplace }: Deployment, settler: Address) {
    this.#domain = marketDomain(chainId, marketplace);
    this.#settler = settler;
  }

  /** Judges orders at a block, each once. Several signatures for one order are tried until one holds. */
  async verify(view: Snapshot, signed: readonly SignedOrder[]): Promise<Verified[]> {
    const check = signatureChecker(this.#domain);
    const checks = signed.map((each) => {
      const json = signedOrderToJson(each);
      const key = JSON.stringify(json);
      const known = this.#known.get(key) ?? check(json);
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(key, known);
      return { ...each, ...known, plain: known.signature, signature: each.signature };
    });
    const verified = new Map<Hex, Verified>();
    for (const { order, signature, hash, facts } of await Promise.all(
      checks.map(async (each) => ({
        ...each,
        facts: await view.factsOf(each.order, { ...each, signature: each.plain }),
      })),
    )) {
      if (verified.get(hash)?.facts.signer !== undefined) continue;
      const judgement = judgeOrder(order, facts);
      const leftAlone = leftAloneBy(this.#settler, order, facts);
      verified.set(hash, { order, signature, hash, facts, judgement, leftAlone });
    }
    return [...verified.values()];
  }
}

/** Whether `settler` may fill a limit, as far as the order itself says. */
export const isFor = (settler: Address, order: Pick<Order, "settler">): boolean =>
  isLimit(order) &&
  (isAddressEqual(order.settler, ANYONE) || isAddressEqual(order.settler, settler));

/** Why a settler leaves an order alone that others may trade. */
function leftAloneBy(settler: Address, order: Order, { account, nowSeconds }: OrderFacts) {
  if (isPosted(order) && order.forward) {
    return "it is a posted price for energy to come, which neighbours take themselves";
  }
  if (isLimit(order) && !isFor(settler, order)) return `it names ${order.settler} as its settler`;
  if (!isAddressEqual(order.counterparty, zeroAddress)) {
    return `it is for ${order.counterparty} alone, and takes no part in the rationing of all`;
  }
  const { lock } = account;
  const isLocked = lock !== undefined && nowSeconds < lock.untilSeconds;
  if (isLocked && !isAddressEqual(lock.settler, settler)) {
    return `its maker's money is locked to ${lock.settler} until ${lock.untilSeconds}`;
  }
  return undefined;
}

import {
  ANYONE,
  blockOf,
  energyTokenAbi,
  marketplaceAbi,
  OFFER,
  type Order,
  type SignedOrder,
  signedOrderFromJson,
  sourceIndex,
  unpackProfile,
} from "@wattline/sdk";
import { after, before, beforeEach } from "mocha";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type LocalNode, startAnvil } from "../../../relay/test/support/node.ts";
import {
  createWorld,
  EURO,
  localAccount,
  START_SLOT,
  slots,
  type World,
} from "../../../relay/test/support/world.ts";

type Account = ReturnType<typeof localAccount>;

/** Jane's roof has exported 1,000 Wh in each of eight slots that have ended; Joe, Ann and Bob have money. */
export interface Scene {
  readonly node: LocalNode;
  readonly world: World;
  readonly roof: PrivateKeyAccount;
  readonly jane: Account;
  readonly joe: Account;
  readonly ann: Account;
  readonly bob: Account;
  /** A limit of Jane's: an offer over all slots unless told otherwise. */
  offer(overrides?: Partial<Order>): Promise<SignedOrder>;
  /** A limit to buy in all slots. */
  bid(by: Account, energy: number, overrides?: Partial<Order>): Promise<SignedOrder>;
  /** Wh that a household holds over all slots. */
  holds(who: Address): Promise<bigint>;
  filled(order: SignedOrder): Promise<bigint>;
  /** Brings the chain back to where it began, with its clock. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** The scene of a suite's tests: each begins on the chain as it was at first. */
export function sceneOfTests(): () => Scene {
  let scene: Scene | undefined;
  const get = (): Scene => {
    if (scene === undefined) throw new Error("The scene is set before the tests run.");
    return scene;
  };
  before(async function () {
    this.timeout(180_000);
    scene = await createScene();
  });
  after(() => scene?.close());
  beforeEach(() => get().reset());
  return get;
}

export async function createScene(more: readonly string[] = []): Promise<Scene> {
  const node = await startAnvil(undefined, more);
  const world = await createWorld(node.rpcUrl);
  const [jane, joe, ann, bob] = [
    localAccount(3),
    localAccount(4),
    localAccount(5),
    localAccount(6),
  ];
  const roof = await world.meter(jane.address);
  for (const each of [jane, joe, ann, bob]) await world.fund(each, 100n * EURO);
  await world.passSlots(8);
  await world.report(roof, slots(0, 8, 1_000n));
  let beginning: Hex = await world.client.snapshot();
  const { energy, marketplace } = world.deployment;
  const limit = async (by: Account, terms: Partial<Order>): Promise<SignedOrder> =>
    signedOrderFromJson(
      await world.sign(by, world.order(by.address, { settler: ANYONE, ...terms })),
    );
  return {
    node,
    world,
    roof,
    jane,
    joe,
    ann,
    bob,
    offer: (overrides) =>
      limit(jane, { side: OFFER, energy: 8_000, price: 100_000n, ...overrides }),
    bid: (by, wh, overrides) => limit(by, { energy: wh, price: 280_000n, ...overrides }),
    async holds(who) {
      const firstBlock = blockOf(START_SLOT);
      const words = await world.client.readContract({
        address: energy,
        abi: energyTokenAbi,
        functionName: "profileOf",
        args: [who, 1, sourceIndex("Solar"), firstBlock, 2n],
      });
      const held = unpackProfile({ firstBlock, words });
      return [...held.values()].reduce((sum, wh) => sum + wh, 0n);
    },
    async filled({ order }) {
      const [filledWh] = await world.client.readContract({
        address: marketplace,
        abi: marketplaceAbi,
        functionName: "fillOf",
        args: [order.maker, order.nonce],
      });
      return filledWh;
    },
    async reset() {
      await world.client.revert({ id: beginning });
      // The base fee of the next block is the node's, not the chain's: a test may have raised it.
      await world.client.setNextBlockBaseFeePerGas({ baseFeePerGas: 10n ** 9n });
      beginning = await world.client.snapshot();
    },
    close: () => node.stop(),
  };
}

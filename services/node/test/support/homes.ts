import {
  BID,
  type EnergyBySlot,
  FIRST_FIRM_NONCE,
  metersDomain,
  OFFER,
  type Order,
  packReading,
  READING_TYPES,
  type SignedOrderJson,
} from "@wattline/sdk";
import { type Address, type Hex, toHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { randomFrom } from "../../../relay/test/support/dice.ts";
import {
  EURO,
  localAccount,
  privateKeyOf,
  START_SLOT,
  type World,
} from "../../../relay/test/support/world.ts";

/** A home with a meter, whose money is locked to a settler. */
export interface Home {
  readonly account: ReturnType<typeof localAccount>;
  readonly key: PrivateKeyAccount;
  readonly meter: PrivateKeyAccount;
  readonly hasRoof: boolean;
  /** What it uses, or makes beyond that, in a slot counted from the start; Wh. */
  exportedWh(slot: number): bigint;
  importedWh(slot: number): bigint;
  nonce: bigint;
}

const FIRST_ACCOUNT = 100;
const ETHER = 10n ** 18n;
const SUN: readonly [from: number, to: number] = [24, 72];

/** Sets homes up on a chain: every third has a roof. */
export async function settleIn(
  world: World,
  count: number,
  settler: Address,
  lockedUntil: number,
): Promise<Home[]> {
  const homes: Home[] = [];
  for (let index = 0; index < count; index++) {
    const account = localAccount(FIRST_ACCOUNT + index);
    await world.client.setBalance({ address: account.address, value: ETHER });
    await world.fund(account, 200n * EURO);
    const meter = await world.meter(account.address);
    const zero = "0x0000000000000000000000000000000000000000";
    await world.market(account, "lock", [world.euro, settler, zero, lockedUntil]);
    const hasRoof = index % 3 === 0;
    const whOf = (slot: number, most: number): bigint =>
      BigInt(50 + randomFrom(`${index} ${slot}`).below(most));
    const isDay = (slot: number): boolean => slot % 96 >= SUN[0] && slot % 96 < SUN[1];
    homes.push({
      account,
      key: privateKeyOf(account),
      meter,
      hasRoof,
      exportedWh: (slot) => (hasRoof && isDay(slot) ? whOf(slot, 1_500) : 0n),
      importedWh: (slot) => (hasRoof ? 0n : whOf(slot, 400)),
      nonce: FIRST_FIRM_NONCE,
    });
  }
  return homes;
}

const slotsOf = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** What a home's device has signed of a run of slots, as it is handed over. */
export async function readingOf(
  world: World,
  { meter }: Pick<Home, "meter">,
  whOf: (slot: number) => bigint,
  first: number,
  count: number,
) {
  const wh: EnergyBySlot = new Map(
    slotsOf(first, count).map((slot) => [START_SLOT + slot, whOf(slot)]),
  );
  const { firstBlock, words } = packReading(wh);
  const { chainId, meters } = world.deployment;
  const signature: Hex = await meter.signTypedData({
    domain: metersDomain(chainId, meters),
    types: READING_TYPES,
    primaryType: "Reading",
    message: { meter: meter.address, firstBlock, exported: [...words] },
  });
  const exported = words.map((word) => toHex(word));
  return { meter: meter.address, firstBlock, exported, signature };
}

/** A home's firm limits for a run of slots: an order a slot, one signature for all. */
export async function ordersOf(
  world: World,
  home: Home,
  settler: Address,
  deadline: number,
  first: number,
  count: number,
): Promise<SignedOrderJson[]> {
  const orders = slotsOf(first, count).flatMap((slot): Order[] => {
    const own = { settler, deadline, firstSlot: START_SLOT + slot, lastSlot: START_SLOT + slot };
    const of = (energyWh: bigint, terms: Partial<Order>): Order[] =>
      energyWh === 0n
        ? []
        : [
            world.order(home.account.address, {
              ...own,
              ...terms,
              meter: home.meter.address,
              energy: Number(energyWh),
              nonce: home.nonce++,
            }),
          ];
    return [
      ...of(home.exportedWh(slot), { side: OFFER, price: 100_000n }),
      ...of(home.importedWh(slot), { side: BID, price: 280_000n }),
    ];
  });
  if (orders.length === 0) return [];
  const [only] = orders;
  return orders.length === 1 && only !== undefined
    ? [await world.sign(home.account, only)]
    : world.signBulk(home.key, orders);
}

import {
  ANYONE,
  batchesOf,
  clearCommunity,
  communitySlotIn,
  limitOf,
  type Microgrid,
  type Order,
  type Pairing,
  type SignedOrder,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { microgridWith } from "../../sdk/test/support/microgrid.ts";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { createWorld, type MeterOf, slot, slots, type World } from "../support/world.ts";

/*
 * What the sdk clears, the contracts settle: every match as a whole, at the community price of each slot.
 */

const [PRICE, EVENING, FEE] = [200_000n, 260_000n, 10_000n];
/** Slots 4 to 7 of the day are its second hour, which has a price of its own. */
const LEVELS = [
  { price: PRICE, fee: FEE },
  { price: EVENING, fee: FEE + 1n },
];
const LEVEL_OF_HOUR = 0b01_00n;
const RATION_WH = 250;
const [HOUSEHOLDS, SLOTS, HELD_WH] = [6, 8, 400n];

describe("What the sdk clears", () => {
  let world: World;
  let grid: number;
  let homes: MeterOf[];
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    grid = await world.found(LEVELS, { levelOfHour: LEVEL_OF_HOUR, ration: RATION_WH });
    homes = [];
    for (let home = 0; home < HOUSEHOLDS; home++) {
      // The first feeds a critical load.
      const critical = home === 0;
      homes.push(await world.meter(await world.person(), { microgrid: grid, critical }));
    }
    for (const { owner } of homes) await world.fund(owner, 1_000_000n);
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  after(() => world.close());

  const microgridIn = (islanded: boolean): Microgrid =>
    microgridWith({
      microgrid: grid,
      levels: LEVELS.map(({ price, fee }) => ({
        pricePerKwh: price,
        feePerKwh: fee,
        capPerKwh: 250_000n,
      })),
      levelOfHour: LEVEL_OF_HOUR,
      islands: islanded
        ? [{ firstSlot: slot(0), lastSlot: slot(3), endedAtSeconds: undefined }]
        : [],
    });

  const draft = fc.record({
    home: fc.nat(HOUSEHOLDS - 1),
    isOffer: fc.boolean(),
    price: fc.bigInt(50_000n, 350_000n),
    first: fc.nat(SLOTS - 1),
    count: fc.integer({ min: 1, max: SLOTS }),
    wh: fc.integer({ min: 1, max: 1_500 }),
    most: fc.integer({ min: 1, max: 600 }),
  });

  for (const islanded of [false, true]) {
    it(`settles as a whole${islanded ? ", with an island in it" : ""}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(draft, { minLength: 2, maxLength: 14 }), async (drafts) => {
          await snapshot.restore();
          if (islanded) await island();
          else await world.passSlots(SLOTS);
          for (const home of homes) await world.report(home, slots(0, SLOTS, HELD_WH));
          await settle(drafts, microgridIn(islanded));
        }),
        runs(15),
      );
    }).timeout(PATIENCE_MS);
  }

  /** Slots 0 to 3 are islanded. */
  async function island(): Promise<void> {
    const operator = world.microgrids.connect(world.operator.signer);
    await world.passSlots(0);
    await operator.setIslanded(grid, true);
    await world.passSlots(3);
    await operator.setIslanded(grid, false);
    await world.passSlots(SLOTS);
  }

  async function settle(
    drafts: readonly {
      home: number;
      isOffer: boolean;
      price: bigint;
      first: number;
      count: number;
      wh: number;
      most: number;
    }[],
    microgrid: Microgrid,
  ): Promise<void> {
    const signed: SignedOrder[] = [];
    const stockWh = new Map<number, Map<number, bigint>>();
    const orders = [];
    for (const { home, isOffer, price, first, count, wh, most } of drafts) {
      const of = homes[home];
      if (of === undefined) throw new Error(`There is no home ${home}.`);
      const overrides: Partial<Order> = {
        side: isOffer ? 0 : 1,
        price,
        settler: ANYONE,
        firstSlot: slot(first),
        lastSlot: slot(Math.min(first + count, SLOTS) - 1),
        energy: wh,
      };
      const each = await world.sign(world.order(of, overrides), of.owner);
      signed.push(each);
      // Energy that covers two offers is given once only.
      const stock = stockWh.get(home) ?? new Map(slots(0, SLOTS, HELD_WH));
      stockWh.set(home, stock);
      const mostWh = new Map<number, bigint>();
      for (const [at, left] of stock) {
        if (at < each.order.firstSlot || at > each.order.lastSlot) continue;
        const given = isOffer && left < BigInt(most) ? left : BigInt(most);
        mostWh.set(at, given);
        if (isOffer) stock.set(at, left - given);
      }
      const open = { leftWh: BigInt(wh), mostWh, critical: home === 0 };
      orders.push(limitOf(each.order, open, "Solar"));
    }
    const moneyMillis = new Map<string, bigint>();
    for (const { owner } of homes) moneyMillis.set(owner.address, await world.moneyOf(owner));
    const matches = clearCommunity({
      orders,
      slots: Array.from({ length: SLOTS }, (_, number) => communitySlotIn(microgrid, slot(number))),
      moneyMillis,
    });
    const pairings = matches.flatMap(({ offer, bid, energyWh }): Pairing[] => {
      const [sold, bought] = [signed[offer], signed[bid]];
      return sold && bought ? [{ offer: sold, bid: bought, source: "Solar", energyWh }] : [];
    });
    const before = await Promise.all(homes.map(({ owner }) => world.moneyOf(owner)));
    for (const batch of batchesOf(pairings, { known: () => microgrid, gasBudget: 1_500_000n })) {
      const sent = world.marketplace.connect(world.operator.signer).settle(
        [...batch.orders],
        [...batch.signatures],
        batch.matches.map((match) => ({ ...match, energy: [...match.energy] })),
        { gasLimit: batch.gas },
      );
      expect(await world.skippedBy(sent)).to.deep.equal([]);
    }
    for (const [index, { owner }] of homes.entries()) {
      let gainedMillis = 0n;
      for (const { offer, bid, energyWh } of pairings) {
        for (const [at, wh] of energyWh) {
          const { pricePerKwh, networkFeePerKwh } = communitySlotIn(microgrid, at);
          if (offer.order.maker === owner.address)
            gainedMillis += (pricePerKwh - networkFeePerKwh) * wh;
          if (bid.order.maker === owner.address) gainedMillis -= pricePerKwh * wh;
        }
      }
      expect(await world.moneyOf(owner)).to.equal((before[index] ?? 0n) + gainedMillis);
    }
  }
});

import {
  type Ask,
  type EnergyBySlot,
  type Microgrid,
  planPurchase,
  takeArguments,
  type Way,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { microgridWith } from "../../sdk/test/support/microgrid.ts";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { createWorld, type MeterOf, slot, slots, type World } from "../support/world.ts";

/*
 * What a purchase is planned to cost and to bring is what it costs and brings, to the thousandth and to the Wh: over slots of
 * several prices, a tie line and an island.
 */

const FEE = 10_000n;
/** The second hour of the day, slots 4 to 7, has a fee and a cap of its own. */
const LEVELS = [
  { price: 200_000n, fee: FEE, cap: 250_000n },
  { price: 260_000n, fee: 3n * FEE, cap: 280_000n },
];
const LEVEL_OF_HOUR = 0b01_00n;
const RATION_WH = 250;
const LINE = { lossBps: 300, capacity: 150, wheelingUp: 0n, wheelingDown: 7_001n };
const [SELLERS, SLOTS, HELD_WH] = [4, 8, 400n];

interface Draft {
  readonly seller: number;
  readonly price: bigint;
  readonly first: number;
  readonly count: number;
  readonly wh: number;
}

describe("A planned purchase", () => {
  let world: World;
  /** Where the buyer is, and the other end of the line. */
  let [here, beyond] = [0, 0];
  let buyer: MeterOf;
  let sellers: MeterOf[];
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    here = await world.found(LEVELS, { levelOfHour: LEVEL_OF_HOUR, ration: RATION_WH });
    beyond = await world.found([{ fee: FEE }]);
    await world.join(here, beyond, LINE);
    buyer = await world.meter(await world.person(), { microgrid: here });
    await world.fund(buyer.owner);
    sellers = [];
    for (let seller = 0; seller < SELLERS; seller++) {
      const microgrid = seller % 2 === 0 ? here : beyond;
      sellers.push(await world.meter(await world.person(), { microgrid }));
    }
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  after(() => world.close());

  const draft: fc.Arbitrary<Draft> = fc.record({
    seller: fc.nat(SELLERS - 1),
    price: fc.bigInt(0n, 300_000n),
    first: fc.nat(SLOTS - 1),
    count: fc.integer({ min: 1, max: SLOTS }),
    wh: fc.integer({ min: 1, max: 1_000 }),
  });

  for (const islanded of [false, true]) {
    it(`is what the contracts make of it${islanded ? ", with an island in it" : ""}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(draft, { minLength: 1, maxLength: 8 }),
          fc.bigInt(1n, 2_500n),
          async (drafts, energyWh) => {
            await snapshot.restore();
            if (islanded) await island();
            else await world.passSlots(SLOTS);
            for (const seller of sellers) await world.report(seller, slots(0, SLOTS, HELD_WH));
            await buy(drafts, energyWh, microgridIn(islanded));
          },
        ),
        runs(20),
      );
    }).timeout(PATIENCE_MS);
  }

  /** Slots 0 to 3 are islanded where the buyer is. */
  async function island(): Promise<void> {
    const operator = world.microgrids.connect(world.operator.signer);
    await world.passSlots(0);
    await operator.setIslanded(here, true);
    await world.passSlots(3);
    await operator.setIslanded(here, false);
    await world.passSlots(SLOTS);
  }

  const microgridIn = (islanded: boolean): Microgrid =>
    microgridWith({
      microgrid: here,
      levels: LEVELS.map(({ price, fee, cap }) => ({
        pricePerKwh: price,
        feePerKwh: fee,
        capPerKwh: cap,
      })),
      levelOfHour: LEVEL_OF_HOUR,
      islands: islanded
        ? [{ firstSlot: slot(0), lastSlot: slot(3), endedAtSeconds: undefined }]
        : [],
    });

  async function asksOf(drafts: readonly Draft[], microgrid: Microgrid): Promise<Ask[]> {
    const line = {
      lossBps: BigInt(LINE.lossBps),
      capacityWh: BigInt(LINE.capacity),
      wheelingPerKwh: LINE.wheelingDown,
      flowWh: new Map<number, bigint>(),
    };
    const ways: readonly Way[] = [
      { from: microgrid, line: undefined },
      { from: microgridWith({ microgrid: beyond, levels: [{ feePerKwh: FEE }] }), line },
    ];
    const stocks: readonly EnergyBySlot[] = sellers.map(() => slots(0, SLOTS, HELD_WH));
    const asks: Ask[] = [];
    for (const { seller, price, first, count, wh } of drafts) {
      const [of, stockWh, way] = [sellers[seller], stocks[seller], ways[seller % 2]];
      if (!of || !stockWh || !way) throw new Error(`There is no seller ${seller}.`);
      const signed = await world.offer(of, {
        price,
        firstSlot: slot(first),
        lastSlot: slot(Math.min(first + count, SLOTS) - 1),
        energy: wh,
        crosses: true,
      });
      asks.push({ ...signed, source: "Solar", stockWh, way });
    }
    return asks;
  }

  async function buy(
    drafts: readonly Draft[],
    energyWh: bigint,
    microgrid: Microgrid,
  ): Promise<void> {
    const { owner, device } = buyer;
    const window = { firstSlot: slot(0), lastSlot: slot(SLOTS - 1) };
    const who = {
      microgrid,
      meter: device.address,
      rationLeftWh: () => BigInt(RATION_WH),
      nowSeconds: await world.networkHelpers.time.latest(),
    };
    const { takes, arrivedWh, totalWh, missingWh, costMillis } = planPurchase(
      await asksOf(drafts, microgrid),
      { window, energyWh },
      who,
    );
    expect(totalWh + missingWh).to.equal(energyWh);
    const before = await world.moneyOf(owner);
    for (const planned of takes) {
      const [order, signature, take] = takeArguments(planned, who);
      await world.marketplace
        .connect(owner.signer)
        .accept(order, signature, { ...take, energy: [...take.energy] });
    }
    expect(before - (await world.moneyOf(owner))).to.equal(costMillis);
    for (let number = 0; number < SLOTS; number++) {
      const came = await world.whOf(owner, number, here);
      expect(came, `slot ${number}`).to.equal(arrivedWh.get(slot(number)) ?? 0n);
    }
  }
});

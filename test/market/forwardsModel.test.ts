import { laneOf } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { createTraders, type Position, slot } from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  START,
  testBlock,
  type World,
} from "../support/world.ts";
import { endOf, merged, type Outcome, type Sale } from "./forwardsModel.ts";

const MONEY = 1_000n * EURO;
const CHARGE = 15_001n;
/** Two blocks, the first of them not begun. */
const FIRST = 8;
const SLOTS = 16;

describe("Forwards of any kind, delivered and released in any order", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let buyers: Person[];

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    jane = traders.meet("Jane");
    buyers = ["Bob", "Carol", "Dora"].map(traders.meet);
  });
  after(() => world.close());

  async function street(): Promise<MeterOf> {
    await world.found({ tariffs: { networkFee: CHARGE } });
    for (const person of [jane, ...buyers]) await world.fund(person, MONEY);
    return world.meter(jane);
  }

  const sale = fc.record({
    buyer: fc.nat(2),
    price: fc.constantFrom(0n, 1n, 199_999n),
    bond: fc.constantFrom(0n, 33_333n),
    energyWh: fc
      .array(fc.oneof(fc.constant(0n), fc.bigInt(1n, 300n)), {
        minLength: SLOTS,
        maxLength: SLOTS,
      })
      .filter((energyWh) => energyWh.some((wh) => wh > 0n)),
  });
  const outcome = fc.record({
    exportedWh: fc.bigInt(0n, 1_200n),
    reading: fc.constantFrom("in time", "in time", "in time", "late", "never"),
  });
  const evening = fc.record({
    sales: fc.array(sale, { minLength: 1, maxLength: 6 }),
    outcomes: fc.array(outcome, { minLength: SLOTS, maxLength: SLOTS }),
    /** Sorts the releases; those above 500 are tried before the reporting deadline already. */
    dice: fc.array(fc.nat(1_000), { minLength: 16, maxLength: 16 }),
    /** After how many of the later releases the late reading comes. */
    lateAfter: fc.nat(6),
  });

  const perSlot = <T>(values: readonly T[]) =>
    new Map(values.map((value, i) => [slot(FIRST + i), value]));
  const inSlots = (energyWh: ReadonlyMap<number, bigint>) =>
    Array.from({ length: SLOTS }, (_, i) => energyWh.get(slot(FIRST + i)) ?? 0n);

  /** Reports the slots whose reading has that fate. */
  async function report(roof: MeterOf, outcomes: readonly Outcome[], fate: Outcome["reading"]) {
    const exportedWh = new Map<number, bigint>();
    for (const [number, { exportedWh: wh, reading }] of perSlot(outcomes)) {
      if (reading === fate) exportedWh.set(number, wh);
    }
    if (exportedWh.size > 0) await world.report(roof, exportedWh);
  }

  /** In every slot what is minted, and what positions are owed, is what was reported. */
  async function expectEnergyWhole(roof: MeterOf, reportedWh: readonly bigint[], open: Block[]) {
    const foundWh = new Array<bigint>(SLOTS).fill(0n);
    for (const holder of [jane, ...buyers]) {
      for (const [i, wh] of inSlots(await traders.energyOf(holder)).entries()) {
        foundWh[i] = (foundWh[i] ?? 0n) + wh;
      }
    }
    const released = await world.marketplace.queryFilter(world.marketplace.filters.Released());
    for (let i = 0; i < SLOTS; i++) {
      const block = testBlock(FIRST + i);
      const isOpen = open.some(
        ({ blockNumber, energyWh }) => blockNumber === block && (energyWh[i] ?? 0n) > 0n,
      );
      if (!isOpen) continue;
      let { delivered: owedWh } = await traders.deliveryOf(roof.device.address, FIRST + i);
      for (const { args } of released) {
        if (Number(args.blockNumber) === block) owedWh -= laneOf(args.delivered, i % 8);
      }
      foundWh[i] = (foundWh[i] ?? 0n) + owedWh;
    }
    expect(foundWh).to.deep.equal(reportedWh);
  }

  /** One block of a position, to be released. */
  interface Block {
    readonly position: Position;
    readonly blockNumber: number;
    readonly energyWh: readonly bigint[];
  }

  function blocksOf(roof: MeterOf, sales: readonly Sale[]): Block[] {
    return merged(sales).flatMap(({ buyer, price, bond, energyWh }) => {
      const taker = buyers[buyer];
      if (taker === undefined) throw new Error(`There is no buyer ${buyer}.`);
      const order = world.order(roof, { price, bond });
      const position = traders.positionOf(order, taker, { charge: CHARGE });
      return [0, 8].flatMap((first) =>
        energyWh.slice(first, first + 8).some((wh) => wh > 0n)
          ? [{ position, blockNumber: testBlock(FIRST + first), energyWh }]
          : [],
      );
    });
  }

  it("end as plain arithmetic says, and lose no Wh and no base unit on the way", () =>
    fc.assert(
      fc.asyncProperty(evening, async ({ sales, outcomes, dice, lateAfter }) => {
        const roof = await world.networkHelpers.loadFixture(street);
        for (const { buyer, price, bond, energyWh } of sales) {
          const order = world.order(roof, { forward: true, price, bond });
          await traders.reserve(buyers[buyer] ?? jane, order, perSlot(energyWh));
        }
        await traders.expectEscrowWhole();

        await world.passSlots(FIRST + SLOTS);
        await report(roof, outcomes, "in time");
        const reportedWh = outcomes.map(({ exportedWh, reading }) =>
          reading === "in time" ? exportedWh : 0n,
        );
        const isResolved = ({ energyWh, blockNumber }: Block) =>
          outcomes.every(
            ({ reading }, i) =>
              reading === "in time" || energyWh[i] === 0n || blockNumber !== testBlock(FIRST + i),
          );

        const drawn = blocksOf(roof, sales)
          .map((block, i) => ({ block, die: dice[i] ?? 0 }))
          .sort((a, b) => a.die - b.die);
        let open = drawn.map(({ block }) => block);
        async function release(block: Block) {
          await traders.marketAs(jane).release([block]);
          open = open.filter((other) => other !== block);
          await expectEnergyWhole(roof, reportedWh, open);
          await traders.expectEscrowWhole();
        }

        await expectEnergyWhole(roof, reportedWh, open);
        for (const { block, die } of drawn) {
          if (die <= 500) continue;
          if (isResolved(block)) await release(block);
          else {
            await traders.refusedByMarket(
              traders.marketAs(jane).release([block]),
              "Forwards_NotResolved",
            );
          }
        }

        const lastSlotEnds = START + (FIRST + SLOTS) * SLOT_SECONDS;
        const { reportingDeadline } = world.charter;
        await world.networkHelpers.time.increaseTo(lastSlotEnds + reportingDeadline + 1);
        const later = [...open];
        for (const block of later.slice(0, lateAfter)) await release(block);
        await report(roof, outcomes, "late");
        for (const [i, { exportedWh, reading }] of outcomes.entries()) {
          if (reading === "late") reportedWh[i] = exportedWh;
        }
        for (const block of later.slice(lateAfter)) await release(block);
        await expectEnergyWhole(roof, reportedWh, []);

        const gained = async (person: Person) => (await traders.moneyOf(person)) - MONEY;
        expect({
          seller: await gained(jane),
          dso: await traders.moneyOf(world.dso),
          buyers: await Promise.all(buyers.map(gained)),
          ownerWh: inSlots(await traders.energyOf(jane)),
          buyersWh: await Promise.all(
            buyers.map(async (buyer) => inSlots(await traders.energyOf(buyer))),
          ),
        }).to.deep.equal(endOf(sales, outcomes, buyers.length, CHARGE));
      }),
      runs(20),
    )).timeout(PATIENCE_MS);
});

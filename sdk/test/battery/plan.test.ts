import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  type Battery,
  type BatteryFlow,
  type BatterySlot,
  flowFor,
  mostWhOf,
  planBattery,
} from "../../src/battery/index.ts";

const HOUR = 3600;
const [NIGHT, EVENING] = [200_000n, 500_000n];
const BATTERY: Battery = { capacityWh: 1_000n, powerW: 2_000n, efficiencyPercent: 80n };

const slotOf = (changes: Partial<BatterySlot>): BatterySlot => ({
  surplusWh: 0n,
  neighboursWh: 0n,
  retailPerKwh: NIGHT,
  feedInPerKwh: 80_000n,
  pricePerKwh: 140_000n,
  feePerKwh: 0n,
  ...changes,
});

const flows = (slots: readonly BatterySlot[], battery = BATTERY, storedCentiWh = 0n) =>
  planBattery(battery, storedCentiWh, slots, HOUR).map(({ takenWh, givenWh }) => [
    takenWh,
    givenWh,
  ]);

/** What a home pays in a slot for what it lacks, or receives for what it has left, in thousandths of a base unit. */
function costMillis(slot: BatterySlot, { takenWh, givenWh }: BatteryFlow): bigint {
  const { surplusWh, neighboursWh, retailPerKwh, feedInPerKwh, pricePerKwh, feePerKwh } = slot;
  const left = surplusWh - takenWh + givenWh;
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const none = (wh: bigint) => (wh > 0n ? wh : 0n);
  const bought = least(none(-left), none(neighboursWh));
  const sold = least(none(left), none(-neighboursWh));
  return (
    bought * pricePerKwh +
    (none(-left) - bought) * retailPerKwh -
    sold * (pricePerKwh - feePerKwh) -
    (none(left) - sold) * feedInPerKwh
  );
}

/** The least cost over all whole flows, by trying each; for a battery that loses nothing. */
function leastCost(battery: Battery, storedWh: bigint, slots: readonly BatterySlot[]): bigint {
  const [slot, ...rest] = slots;
  if (slot === undefined) return 0n;
  const most = mostWhOf(battery, HOUR);
  let best: bigint | undefined;
  for (let change = -most; change <= most; change++) {
    const stored = storedWh + change;
    if (stored < 0n || stored > battery.capacityWh) continue;
    const flow = {
      takenWh: change > 0n ? change : 0n,
      givenWh: change < 0n ? -change : 0n,
    };
    const cost = costMillis(slot, flow) + leastCost(battery, stored, rest);
    if (best === undefined || cost < best) best = cost;
  }
  return best ?? 0n;
}

const battery = fc.record({
  capacityWh: fc.bigInt(0n, 5n),
  powerW: fc.bigInt(0n, 3n),
  efficiencyPercent: fc.constant(100n),
});
const prices = fc
  .tuple(fc.bigInt(0n, 9n), fc.bigInt(0n, 5n), fc.bigInt(0n, 2n), fc.bigInt(0n, 5n))
  .map(([feedInPerKwh, above, feePerKwh, more]) => ({
    feedInPerKwh,
    pricePerKwh: feedInPerKwh + feePerKwh + above,
    feePerKwh,
    retailPerKwh: feedInPerKwh + feePerKwh + above + more,
  }));
const slots = fc.array(
  fc
    .tuple(prices, fc.bigInt(-4n, 4n), fc.bigInt(-4n, 4n))
    .map(([level, surplusWh, neighboursWh]) => ({ ...level, surplusWh, neighboursWh })),
  { minLength: 1, maxLength: 4 },
);

describe("A battery's plan", () => {
  it("keeps the roof's surplus for the evening", () => {
    const day = [slotOf({ surplusWh: 600n }), slotOf({ surplusWh: -900n, retailPerKwh: EVENING })];
    // Of 600 Wh it gives back 480; the grid adds at night what costs less than it saves in the evening.
    expect(flows(day)).to.deep.equal([
      [1_125n, 0n],
      [0n, 900n],
    ]);
    const flat = day.map((slot) => ({ ...slot, retailPerKwh: NIGHT }));
    expect(flows(flat)).to.deep.equal([
      [600n, 0n],
      [0n, 480n],
    ]);
  });

  it("leaves room for what costs less later", () => {
    const day = [
      slotOf({}),
      slotOf({ surplusWh: 1_250n }),
      slotOf({ surplusWh: -1_000n, retailPerKwh: EVENING }),
    ];
    expect(flows(day)).to.deep.equal([
      [0n, 0n],
      [1_250n, 0n],
      [0n, 1_000n],
    ]);
  });

  it("sells to neighbours what they lack, where they pay more than it will save", () => {
    const day = [
      slotOf({ neighboursWh: -300n, retailPerKwh: EVENING, pricePerKwh: 290_000n }),
      slotOf({ surplusWh: -2_000n }),
    ];
    expect(flows(day, BATTERY, 100_000n)).to.deep.equal([
      [0n, 300n],
      [0n, 700n],
    ]);
    const alone = day.map((slot) => ({ ...slot, neighboursWh: 0n }));
    expect(flows(alone, BATTERY, 100_000n)[0]).to.deep.equal([0n, 0n]);
  });

  it("buys from neighbours what they have left, and no more than that", () => {
    const day = [
      slotOf({ neighboursWh: 400n, pricePerKwh: 150_000n, retailPerKwh: 290_000n }),
      slotOf({ surplusWh: -2_000n, retailPerKwh: 300_000n }),
    ];
    expect(flows(day)).to.deep.equal([
      [400n, 0n],
      [0n, 320n],
    ]);
  });

  it("is the cheapest there is", () => {
    fc.assert(
      fc.property(battery, fc.bigInt(0n, 5n), slots, (each, held, days) => {
        const storedWh = held < each.capacityWh ? held : each.capacityWh;
        const planned = planBattery(each, 100n * storedWh, days, HOUR);
        const cost = days.reduce(
          (sum, slot, at) => sum + costMillis(slot, planned[at] ?? { takenWh: 0n, givenWh: 0n }),
          0n,
        );
        expect(cost).to.equal(leastCost(each, storedWh, days));
      }),
    );
  });

  const kept = fc
    .record({
      capacityWh: fc.bigInt(0n, 3_000n),
      powerW: fc.bigInt(0n, 4_000n),
      efficiencyPercent: fc.bigInt(1n, 100n),
      shares: fc.tuple(fc.bigInt(0n, 100n), fc.bigInt(0n, 100n)),
      feedsIn: fc.boolean(),
    })
    .map(({ shares: [reserve, least], ...each }) => {
      const reserveWh = (each.capacityWh * reserve) / 100n;
      return { ...each, reserveWh, leastWh: (reserveWh * least) / 100n };
    });

  it("stays within capacity, power, efficiency and reserve, whatever the meter really counts", () => {
    const wh = fc.bigInt(-900n, 900n);
    fc.assert(
      fc.property(
        kept,
        fc.bigInt(0n, 100n),
        fc.array(fc.tuple(prices, wh, wh, wh, fc.boolean()), { minLength: 1, maxLength: 12 }),
        (each, storedPercent, hours) => {
          const expected = hours.map(([level, surplusWh, neighboursWh, , isIslanded]) => ({
            ...level,
            surplusWh,
            neighboursWh,
            isIslanded,
          }));
          let stored = each.capacityWh * storedPercent;
          for (const [at, { worth }] of planBattery(each, stored, expected, HOUR).entries()) {
            const slot = expected[at];
            const counted = hours[at]?.[3] ?? 0n;
            if (slot === undefined) continue;
            const real = { ...slot, surplusWh: counted };
            const { takenWh, givenWh } = flowFor(each, stored, real, worth, 900);
            const lacksWh = counted < 0n ? -counted : 0n;
            expect(takenWh === 0n || givenWh === 0n).to.equal(true);
            expect(takenWh >= 0n && takenWh <= mostWhOf(each, 900)).to.equal(true);
            expect(givenWh >= 0n && givenWh <= mostWhOf(each, 900)).to.equal(true);
            const before = stored;
            stored += takenWh * each.efficiencyPercent - 100n * givenWh;
            expect(stored >= 0n && stored <= 100n * each.capacityWh).to.equal(true);
            if (givenWh > 0n) {
              const coversNeed = slot.isIslanded && givenWh <= lacksWh;
              const floorWh = coversNeed ? each.leastWh : each.reserveWh;
              expect(stored, "the reserve").to.satisfy((left: bigint) => left >= 100n * floorWh);
            }
            if (!each.feedsIn) expect(givenWh <= lacksWh, "feeds nothing in").to.equal(true);
            const missing = 100n * each.reserveWh - before >= each.efficiencyPercent;
            if (missing && !slot.isIslanded) expect(givenWh).to.equal(0n);
          }
        },
      ),
    );
  });

  it("fills its reserve at full power, from the grid too, and then keeps it", () => {
    const held = { ...BATTERY, reserveWh: 800n };
    expect(flows([slotOf({}), slotOf({ surplusWh: -900n })], held)).to.deep.equal([
      [1_000n, 0n],
      [0n, 0n],
    ]);
  });

  it("covers the home's need in an outage down to the least, and sells above the reserve alone", () => {
    const held = { ...BATTERY, reserveWh: 800n, leastWh: 100n };
    const outage = { isIslanded: true, neighboursWh: -500n };
    const day = [slotOf({ ...outage, surplusWh: -300n }), slotOf({ ...outage, surplusWh: -900n })];
    expect(flows(day, held, 90_000n)).to.deep.equal([
      [0n, 300n],
      [0n, 500n],
    ]);
    expect(flows([slotOf(outage)], held, 90_000n)).to.deep.equal([[0n, 100n]]);
    // There is no grid to fill it from.
    expect(flows([slotOf({ ...outage, neighboursWh: 0n })], held, 0n)).to.deep.equal([[0n, 0n]]);
  });

  it("that feeds nothing in keeps what the home does not need", () => {
    const home = { ...BATTERY, feedsIn: false };
    const day = [slotOf({ surplusWh: -200n, neighboursWh: -500n, pricePerKwh: 150_000n })];
    expect(flows(day, BATTERY, 100_000n)).to.deep.equal([[0n, 1_000n]]);
    expect(flows(day, home, 100_000n)).to.deep.equal([[0n, 200n]]);
  });

  it("refuses what is no battery", () => {
    for (const changes of [
      { capacityWh: -1n },
      { powerW: -1n },
      { efficiencyPercent: 0n },
      { reserveWh: 1_001n },
      { reserveWh: 10n, leastWh: 11n },
    ]) {
      expect(() => planBattery({ ...BATTERY, ...changes }, 0n, [], HOUR)).to.throw(RangeError);
    }
  });
});

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

  it("stays within capacity, power and efficiency, whatever the meter really counts", () => {
    const wh = fc.bigInt(-900n, 900n);
    fc.assert(
      fc.property(
        fc.record({
          capacityWh: fc.bigInt(0n, 3_000n),
          powerW: fc.bigInt(0n, 4_000n),
          efficiencyPercent: fc.bigInt(1n, 100n),
        }),
        fc.array(fc.tuple(prices, wh, wh, wh), { minLength: 1, maxLength: 12 }),
        (each, hours) => {
          const expected = hours.map(([level, surplusWh, neighboursWh]) => ({
            ...level,
            surplusWh,
            neighboursWh,
          }));
          let stored = 0n;
          for (const [at, { worth }] of planBattery(each, 0n, expected, HOUR).entries()) {
            const slot = expected[at];
            const counted = hours[at]?.[3] ?? 0n;
            if (slot === undefined) continue;
            const real = { ...slot, surplusWh: counted };
            const { takenWh, givenWh } = flowFor(each, stored, real, worth, 900);
            expect(takenWh === 0n || givenWh === 0n).to.equal(true);
            expect(takenWh >= 0n && takenWh <= mostWhOf(each, 900)).to.equal(true);
            expect(givenWh >= 0n && givenWh <= mostWhOf(each, 900)).to.equal(true);
            stored += takenWh * each.efficiencyPercent - 100n * givenWh;
            expect(stored >= 0n && stored <= 100n * each.capacityWh).to.equal(true);
          }
        },
      ),
    );
  });

  it("refuses what is no battery", () => {
    for (const changes of [{ capacityWh: -1n }, { powerW: -1n }, { efficiencyPercent: 0n }]) {
      expect(() => planBattery({ ...BATTERY, ...changes }, 0n, [], HOUR)).to.throw(RangeError);
    }
  });
});

import type { Battery } from "@wattline/sdk/battery";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { leastCostMillis, type Pooled } from "../../src/study/optimum.ts";

const HOUR = 3600;
const FEED_IN = 80_000n;
const none = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
const sum = (values: readonly bigint[]): bigint => values.reduce((all, one) => all + one, 0n);

const pooledOf = (net: readonly bigint[], battery?: Battery): Pooled => ({
  surplusWh: net.map(none),
  needWh: net.map((wh) => none(-wh)),
  battery,
});

const least = async (
  communities: readonly Pooled[],
  retailPerKwh: readonly bigint[],
  signal = new AbortController().signal,
) =>
  sum(
    await leastCostMillis(communities, {
      slotSeconds: HOUR,
      retailPerKwh,
      feedInPerKwh: FEED_IN,
      lines: [],
      signal,
      onProgress: () => {},
    }),
  );

/** The least cost over all whole flows of a battery that loses nothing, by trying each. */
function bruteForce(
  battery: Battery,
  storedWh: bigint,
  net: readonly bigint[],
  retail: readonly bigint[],
): bigint {
  const [now, ...later] = net;
  if (now === undefined) return 0n;
  let best: bigint | undefined;
  for (let change = -battery.powerW; change <= battery.powerW; change++) {
    const stored = storedWh + change;
    if (stored < 0n || stored > battery.capacityWh) continue;
    const left = now - change;
    const cost =
      none(-left) * (retail[0] ?? 0n) -
      none(left) * FEED_IN +
      bruteForce(battery, stored, later, retail.slice(1));
    if (best === undefined || cost < best) best = cost;
  }
  return best ?? 0n;
}

const SLOTS = 4;
const nets = fc.array(fc.bigInt(-4n, 4n), { minLength: SLOTS, maxLength: SLOTS });
const retails = fc.array(fc.bigInt(80_000n, 500_000n), { minLength: SLOTS, maxLength: SLOTS });
const battery = fc.record({
  capacityWh: fc.bigInt(1n, 5n),
  powerW: fc.bigInt(1n, 3n),
  efficiencyPercent: fc.constant(100n),
});
const few = { numRuns: process.env.WATTLINE_DEEP === "1" ? 300 : 25 };

describe("The optimum of a community", () => {
  it("is what the grid charges for what neighbours can't match, without batteries", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(nets, { minLength: 1, maxLength: 4 }),
        retails,
        async (homes, retail) => {
          const sideOf = (sign: bigint) =>
            retail.map((_, slot) => sum(homes.map((net) => none(sign * (net[slot] ?? 0n)))));
          const [surplusWh, needWh] = [sideOf(1n), sideOf(-1n)];
          const expected = retail.map((price, slot) => {
            const left = (surplusWh[slot] ?? 0n) - (needWh[slot] ?? 0n);
            return none(-left) * price - none(left) * FEED_IN;
          });
          expect(await least([{ surplusWh, needWh }], retail)).to.equal(sum(expected));
        },
      ),
      few,
    );
  });

  it("is the best of all ways to run a battery", async () => {
    await fc.assert(
      fc.asyncProperty(battery, nets, retails, async (each, net, retail) => {
        expect(await least([pooledOf(net, each)], retail)).to.equal(
          bruteForce(each, 0n, net, retail),
        );
      }),
      few,
    );
  });

  it("leaves in the batteries at a week's end what the next day needs", async () => {
    const week = new Array<bigint>(7 * 24).fill(0n);
    const net = [...week.slice(1), 1_000n, -1_000n];
    const prices = net.map(() => 300_000n);
    const big = { capacityWh: 1_000n, powerW: 1_000n, efficiencyPercent: 100n };
    expect(await least([pooledOf(net, big)], prices)).to.equal(0n);
  });

  it("draws nothing in order to feed it in where the grid pays more than it charges", async () => {
    expect(await least([pooledOf([-5n])], [10_000n])).to.equal(50_000n);
  });

  it("stops when it is told to", async () => {
    const reason = new Error("Enough.");
    const stopped = AbortSignal.abort(reason);
    const error = await least([pooledOf([1n])], [100_000n], stopped).catch((each: unknown) => each);
    expect(error).to.equal(reason);
  });
});

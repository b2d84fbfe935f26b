import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { addPower, registersOf, startIntegral } from "../src/metering/integrate.ts";
import type { RegisterSample } from "../src/metering/sample.ts";
import { type Track, type TrackEvent, type TrackRules, takeSample } from "../src/metering/track.ts";

const QUARTER = 900_000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 5, 21, 10);
const RULES: TrackRules = { slotMs: QUARTER, connectionW: 17_250, gaps: "fill" };
const LATER = START + 400 * 86_400_000;

const sample = (
  minutes: number,
  importWh: number,
  exportWh = 0,
  more: Partial<RegisterSample> = {},
): RegisterSample => ({
  kind: "registers",
  unixMs: START + minutes * MINUTE,
  importWh: BigInt(importWh),
  exportWh: BigInt(exportWh),
  ...more,
});

function run(samples: readonly RegisterSample[], rules = RULES, nowMs = LATER) {
  let track: Track | undefined;
  const events: TrackEvent[] = [];
  for (const each of samples) {
    const taken = takeSample(track, each, rules, nowMs);
    track = taken.track;
    events.push(...taken.events);
  }
  const slots = events.flatMap((event) => (event.kind === "slot" ? [event.energy] : []));
  const faults = events.flatMap((event) => (event.kind === "held" ? [event.fault] : []));
  return { track, events, slots, faults };
}

const brief = ({ slots }: ReturnType<typeof run>) =>
  slots.map(({ importWh, exportWh, quality }) => `${importWh}/${exportWh} ${quality}`);

describe("Registers become slots", () => {
  it("that end where the readings lie on their edges", () => {
    const result = run([sample(0, 100, 50), sample(15, 130, 50), sample(30, 130, 90)]);
    expect(brief(result)).to.deep.equal(["30/0 measured", "0/40 measured"]);
    expect(result.slots[0]?.slot).to.equal(START / QUARTER);
  });

  it("and what lies across an edge is split by time", () => {
    expect(
      brief(run([sample(0, 0), sample(10, 100), sample(20, 201), sample(30, 201)])),
    ).to.deep.equal(["150/0 measured", "51/0 measured"]);
  });

  it("of which the first is left out, when its beginning was not read", () => {
    expect(brief(run([sample(5, 0), sample(15, 70), sample(30, 80)]))).to.deep.equal([
      "70/0 left out",
      "10/0 measured",
    ]);
  });

  it("and a gap is filled evenly and marked, or left out", () => {
    const samples = [sample(0, 0), sample(15, 10), sample(60, 101), sample(75, 110)];
    expect(brief(run(samples))).to.deep.equal([
      "10/0 measured",
      "30/0 estimated",
      "30/0 estimated",
      "31/0 estimated",
      "9/0 measured",
    ]);
    const left = brief(run(samples, { ...RULES, gaps: "leave out" }));
    expect(left[1]).to.equal("30/0 left out");
  });

  it("but one of which nothing is known belongs to no slot", () => {
    const afterGap = sample(60, 10, 0, { isAfterGap: true });
    const result = run([sample(0, 0), sample(15, 10), afterGap, sample(75, 19)]);
    expect(result.slots.map(({ slot }) => slot - START / QUARTER)).to.deep.equal([0, 4]);
    expect(brief(result)).to.deep.equal(["10/0 measured", "9/0 measured"]);
  });

  it("whose sum is that of the registers to the Wh, whenever they are read", () => {
    const steps = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 3 * 3_600_000 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        exports: fc.boolean(),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(300_000, 900_000, 1_800_000, 3_600_000), (all, slotMs) => {
        let at = sample(0, 123_456, 654_321);
        const samples = [at];
        for (const { afterMs, share, exports } of all) {
          const wh = BigInt(Math.floor((17_250 * afterMs * share) / 3_600_000));
          at = {
            ...at,
            unixMs: at.unixMs + afterMs,
            importWh: (at.importWh ?? 0n) + (exports ? 0n : wh),
            exportWh: (at.exportWh ?? 0n) + (exports ? wh : 0n),
          };
          samples.push(at);
        }
        const { slots, track, faults } = run(samples, { ...RULES, slotMs });
        const total = (of: "importWh" | "exportWh") =>
          slots.reduce((sum, slot) => sum + slot[of], track?.open[of] ?? 0n);
        expect(faults).to.deep.equal([]);
        expect(total("importWh")).to.equal((at.importWh ?? 0n) - 123_456n);
        expect(total("exportWh")).to.equal((at.exportWh ?? 0n) - 654_321n);
        for (const { importWh, exportWh } of slots) {
          expect(importWh >= 0n && exportWh >= 0n).to.equal(true);
        }
        for (const [index, { slot }] of slots.entries()) {
          expect(slot).to.equal(Math.floor(START / slotMs) + index);
        }
      }),
    );
  });

  it("that are the same when counting starts again at a slot's end", () => {
    const samples = [sample(0, 0), sample(7, 33), sample(22, 99), sample(31, 140), sample(46, 200)];
    const whole = run(samples);
    const [first] = whole.events;
    const cut = whole.events.flatMap((event) => (event.kind === "slot" ? [event.cut] : []))[1];
    if (cut === undefined || first === undefined) throw new Error("There are slots.");
    let track: Track | undefined = takeSample(
      undefined,
      { kind: "registers", ...cut },
      RULES,
      LATER,
    ).track;
    const after: TrackEvent[] = [];
    for (const each of samples.slice(3)) {
      const taken = takeSample(track, each, RULES, LATER);
      track = taken.track;
      after.push(...taken.events);
    }
    const slots = after.flatMap((event) => (event.kind === "slot" ? [event.energy] : []));
    expect(slots).to.deep.equal(whole.slots.slice(2));
  });
});

describe("A sample is held back and named, and the rest goes on", () => {
  const good = [sample(0, 1_000), sample(15, 1_100)];

  it("when its register is lower than before", () => {
    const result = run([...good, sample(20, 900), sample(30, 1_200)]);
    expect(result.faults).to.deep.equal(["back"]);
    expect(brief(result)).to.deep.equal(["100/0 measured", "100/0 measured"]);
  });

  it("when it has grown by more than the connection carries", () => {
    const result = run([...good, sample(20, 900_000), sample(30, 1_200)]);
    expect(result.faults).to.deep.equal(["jump"]);
    expect(brief(result)[1]).to.equal("100/0 measured");
  });

  it("when its time comes twice with other registers, and not with the same", () => {
    const result = run([...good, sample(15, 1_100), sample(15, 1_150), sample(30, 1_200)]);
    expect(result.faults).to.deep.equal(["repeated"]);
    expect(brief(result)[1]).to.equal("100/0 measured");
  });

  it("when it comes from the future, or from before what is kept", () => {
    const nowMs = START + 31 * MINUTE;
    const result = run(
      [...good, sample(60, 1_120), sample(10, 1_090), sample(30, 1_200)],
      RULES,
      nowMs,
    );
    expect(result.faults).to.deep.equal(["future", "earlier"]);
    expect(brief(result)[1]).to.equal("100/0 measured");
  });

  it("when the clock has jumped: forth is a gap, back is waited out", () => {
    const result = run([...good, sample(615, 1_200), sample(30, 1_210), sample(630, 1_220)]);
    expect(result.faults).to.deep.equal(["earlier"]);
    expect(result.slots.map(({ quality }) => quality).slice(1, -1)).to.satisfy((all: string[]) =>
      all.every((quality) => quality === "estimated"),
    );
    expect(result.slots.reduce((sum, { importWh }) => sum + importWh, 0n)).to.equal(220n);
  });
});

describe("Another register is recognised and named", () => {
  it("when it has rolled over", () => {
    const rollsOverAtWh = 100_000_000n;
    const result = run([
      sample(0, 99_999_900, 0, { rollsOverAtWh }),
      sample(15, 50, 0, { rollsOverAtWh }),
    ]);
    expect(brief(result)).to.deep.equal(["150/0 measured"]);
    expect(JSON.stringify(result.events.map((event) => event.kind))).to.equal(
      '["start","note","slot"]',
    );
    expect(run([sample(0, 99_999_900), sample(15, 50)]).faults).to.deep.equal(["back"]);
  });

  it("when the meter was replaced by one with another number, which is read twice", () => {
    const old = { meterId: "A" };
    const next = { meterId: "B" };
    const result = run([
      sample(0, 5_000, 0, old),
      sample(10, 5_100, 0, old),
      sample(12, 3, 0, next),
      sample(13, 10, 0, old),
      sample(20, 10, 0, next),
      sample(22, 20, 0, next),
      sample(30, 40, 0, next),
    ]);
    expect(result.faults).to.deep.equal(["other meter", "back", "other meter"]);
    expect(brief(result)).to.deep.equal(["100/0 measured", "30/0 measured"]);
    const starts = result.events.flatMap((event) => (event.kind === "start" ? [event.reason] : []));
    expect(starts[1]).to.contain("The meter's number is B now; it was A.");
  });

  it("when a counter without a number starts anew, after ten minutes that agree", () => {
    const result = run([
      sample(0, 5_000),
      sample(15, 5_100),
      sample(20, 5),
      sample(25, 15),
      sample(30, 25),
      sample(45, 60),
    ]);
    expect(result.faults).to.deep.equal(["back", "back"]);
    expect(brief(result)).to.deep.equal(["100/0 measured", "20/0 measured", "35/0 measured"]);
  });

  it("and what nobody knows between two meters is left out", () => {
    const result = run([
      sample(0, 5_000),
      sample(15, 5_100),
      sample(75, 5),
      sample(80, 15),
      sample(90, 25),
    ]);
    expect(brief(result).slice(1, 5)).to.deep.equal(Array(4).fill("0/0 left out"));
  });
});

describe("Power becomes a register", () => {
  it("by the mean of two moments, and not over a long silence", () => {
    const power = (minutes: number, importW: number, exportW: number) => ({
      kind: "power" as const,
      unixMs: START + minutes * MINUTE,
      importW,
      exportW,
    });
    let integral = startIntegral(power(0, 1_000, 0), { importWh: 7n, exportWh: 0n });
    integral = addPower(integral, power(6, 2_000, 0), QUARTER);
    expect(registersOf(integral)).to.include({ importWh: 157n, exportWh: 0n });
    integral = addPower(integral, power(126, 2_000, 500), QUARTER);
    expect(registersOf(integral)).to.include({ importWh: 157n, exportWh: 0n });
    integral = addPower(integral, power(132, 0, 500), QUARTER);
    expect(registersOf(integral)).to.include({ importWh: 257n, exportWh: 50n });
  });
});

import { expect } from "chai";
import { after, afterEach, describe, it } from "mocha";
import { checkAll } from "./checks.ts";
import { play, type Script } from "./director.ts";
import { allStart, comeToRest } from "./ending.ts";
import { type Stage, setStage } from "./stage.ts";

/** `npm run test:chaos` sets them; else a short play of a few homes is played. */
const { WATTLINE_CHAOS_SEED, WATTLINE_CHAOS_MINUTES, WATTLINE_CHAOS_HOMES } = process.env;
const USUAL_SEED = 2824;
const SEED = Number(WATTLINE_CHAOS_SEED ?? USUAL_SEED);
const MINUTES = Number(WATTLINE_CHAOS_MINUTES ?? 1);
const HOMES = Number(WATTLINE_CHAOS_HOMES ?? 6);
/** Beside other tests the parts may have no time to trade; what they promise holds all the same. */
const isAlone = WATTLINE_CHAOS_MINUTES !== undefined;

/** A long play is a day; a short one has an outage, and what comes before and after. */
const [LEAST_SLOTS, SLOTS_A_DAY] = [20, 96];
/** An agent needs so long to look at its meters and at the market. */
const [LEAST_SLOT_MS, USUAL_SLOT_MS] = [4_000, 10_000];
const slots = Math.min(
  Math.max(LEAST_SLOTS, Math.floor((MINUTES * 60_000) / USUAL_SLOT_MS)),
  SLOTS_A_DAY,
);
const SCRIPT: Script = {
  seed: SEED,
  slots,
  slotMs: Math.max(LEAST_SLOT_MS, (MINUTES * 60_000) / slots),
  faultsASlot: slots > LEAST_SLOTS ? 3 : 1,
};
/** In a play of few outages other faults may stand against every promise. */
const isSure = isAlone && (SEED === USUAL_SEED || slots === SLOTS_A_DAY);
/** To set the stage, and to come to rest. */
const AROUND_MS = 3_600_000;
const LAST_WORDS = 3_000;

describe("A market in which everything goes wrong", function () {
  this.timeout(MINUTES * 120_000 + AROUND_MS);
  const stop = new AbortController();
  const open: (() => Promise<void>)[] = [];
  let stage: Stage | undefined;

  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const { name, output } of stage?.parts.values() ?? []) {
      console.log(`--- ${name}\n${output.slice(-LAST_WORDS)}`);
    }
  });
  after(async () => {
    stop.abort();
    for (const close of open.reverse()) await close().catch(console.error);
  });

  it(`loses no promise, no Wh and no cent (seed ${SEED}, ${HOMES} homes, ${SCRIPT.slots} slots)`, async () => {
    const beganMs = performance.now();
    const tell = (line: string): void =>
      console.log(`      ${((performance.now() - beganMs) / 1000).toFixed(0)} s: ${line}`);
    stage = await setStage(HOMES, (close) => open.push(close));
    if (stage.disk === undefined) tell("No file system can be mounted here: no disk is filled.");
    tell("the homes are settled");
    await allStart(stage);
    tell("all parts run");
    const counts = await play(stage, SCRIPT, tell, stop.signal);
    await comeToRest(stage, stop.signal);
    tell("all has come to rest");
    const outcome = await checkAll(stage);
    const { kept, dropped } = stage.chain.replaced;
    tell(`${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}.`);
    tell(
      `${kept} transactions were in blocks that were replaced and came back, ${dropped} did not.`,
    );
    tell(
      `${outcome.promises} promises of ${outcome.promisedWh} Wh, ${outcome.failedWh} Wh failed.`,
    );
    tell(
      `${outcome.reportedWh} Wh reported, ${outcome.tradedWh} Wh traded, ${outcome.clearedWh} Wh of them while the chain was in reach, in ${outcome.clearedSlots} slots; ${outcome.orders} live orders.`,
    );
    if (isAlone) {
      expect(outcome.clearedWh > 0n, "energy was traded while the chain was in reach").to.equal(
        true,
      );
    }
    if (!isSure) return;
    expect(outcome.promises, "promises").to.be.greaterThan(0);
    expect(kept + dropped, "transactions in blocks that were replaced").to.be.greaterThan(0);
  });
});

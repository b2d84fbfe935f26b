import { expect } from "chai";
import { after, afterEach, describe, it } from "mocha";
import { checkAll } from "./checks.ts";
import { play, type Script } from "./director.ts";
import { comeToRest } from "./ending.ts";
import { type Stage, setStage } from "./stage.ts";

/** `npm run test:chaos` sets them. A deep run plays a minute of a few homes. */
const { WATTLINE_CHAOS_SEED, WATTLINE_CHAOS_MINUTES, WATTLINE_CHAOS_HOMES, WATTLINE_DEEP } =
  process.env;
const SEED = Number(WATTLINE_CHAOS_SEED ?? 52);
const MINUTES = Number(WATTLINE_CHAOS_MINUTES ?? 1);
const HOMES = Number(WATTLINE_CHAOS_HOMES ?? 6);
const isLong = WATTLINE_CHAOS_MINUTES !== undefined;
/** Ten processes for three minutes: `npm test` has no room for them. */
const describeWhenAsked = isLong || WATTLINE_DEEP !== undefined ? describe : describe.skip;

const LEAST_SLOT_MS = isLong ? 10_000 : 5_000;
const SLOTS_A_DAY = 96;
/** A long play is a day. A slot takes at least as long as an agent needs to look at its meters. */
const slotMs = Math.max(LEAST_SLOT_MS, (MINUTES * 60_000) / SLOTS_A_DAY);
const SCRIPT: Script = {
  seed: SEED,
  slots: Math.max(3, Math.floor((MINUTES * 60_000) / slotMs)),
  slotMs,
  faultsASlot: isLong ? 3 : 2,
};
/** To set the stage, and to come to rest. */
const AROUND_MS = 1_200_000;
const LAST_WORDS = 3_000;

describeWhenAsked("A market in which everything goes wrong", function () {
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
    for (const part of stage.parts.values()) await start(part);
    tell("all parts run");
    const counts = await play(stage, SCRIPT, tell, stop.signal);
    expect(counts.size).to.be.greaterThan(0);
    await comeToRest(stage, stop.signal);
    tell("all has come to rest");
    const outcome = await checkAll(stage);
    expect(outcome.tradedWh > 0n, "energy was traded").to.equal(true);
    tell(
      `${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}: ${outcome.promises} promises of ${outcome.promisedWh} Wh, of which ${outcome.failedWh} Wh are named as failed; ${outcome.reportedWh} Wh reported, ${outcome.tradedWh} Wh traded, ${outcome.orders} live orders.`,
    );
  });

  const START_MS = 240_000;
  async function start(part: {
    start(): void;
    answers(patienceMs: number): Promise<void>;
  }): Promise<void> {
    part.start();
    await part.answers(START_MS);
  }
});

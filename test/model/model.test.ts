import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createWorld, type Person, START, type World } from "../support/world.ts";
import type { Action } from "./actions.ts";
import { Chain } from "./chain.ts";
import { Model } from "./model.ts";
import { deviceKeys, participantsIn } from "./participants.ts";
import { openingActions, type Participants, Planner } from "./scenarios.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;
const SCENARIOS = Number(process.env.WATTLINE_MODEL_SCENARIOS ?? (DEEP ? 2_000 : 60));
const FIRST_SEED = Number(process.env.WATTLINE_MODEL_SEED ?? 1);
const STEPS = 40;
const PATIENCE_MS = DEEP ? 3_600_000 : 180_000;

describe("The second edition's market and a plain model of it", () => {
  let world: World;
  let people: Person[];
  let participants: Participants;
  let restore: () => Promise<void>;
  const devices = () => deviceKeys(world);

  before(async () => {
    world = await createWorld();
    ({ people, participants } = await participantsIn(world));
    const model = newModel();
    const chain = new Chain(world, people, devices());
    for (const action of openingActions(participants)) await compare(action, model, chain);
    const snapshot = await world.networkHelpers.takeSnapshot();
    restore = () => snapshot.restore();
  });
  after(() => world.close());

  const newModel = () => {
    const model = new Model(START - 1_800, world.addresses.market);
    // The world's own microgrid, in which nothing happens.
    const [founding] = openingActions(participants);
    if (founding !== undefined) model.act(founding);
    return model;
  };

  /** Runs a scenario until both sides differ; says after how many steps that was, and how. */
  async function run(seed: number, count: (what: string) => void): Promise<void> {
    await restore();
    const model = newModel();
    for (const action of openingActions(participants)) {
      model.nowS += 1;
      model.act(action);
    }
    for (const tally of Object.values(model.tallies)) tally.takeTouched();
    const chain = new Chain(world, people, devices());
    const planner = new Planner(seed, model, participants);
    const story: Action[] = [];
    for (let step = 0; step < STEPS; step++) {
      const action = planner.next();
      story.push(action);
      try {
        for (const what of await compare(action, model, chain)) count(what);
      } catch (error) {
        const told = story.map((each, i) => `${i + 1}. ${JSON.stringify(each, plainly)}`);
        const cause = error instanceof Error ? error.message : String(error);
        throw new Error(`Seed ${seed}, step ${step + 1}: ${cause}\n${told.join("\n")}`, {
          cause: error,
        });
      }
    }
    expect(await chain.vault()).to.equal(vaultOf(model) / 1_000n);
    expect(vaultOf(model) % 1_000n).to.equal(0n);
  }

  it("agree on every outcome and balance, whatever happens", async () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCENARIOS; seed++) await run(seed, count);
    // A comparison that never meets a case says nothing about it.
    if (FIRST_SEED === 1 && SCENARIOS >= 60) {
      expect(EXPECTED.filter((what) => !seen.has(what))).to.deep.equal([]);
    }
  }).timeout(PATIENCE_MS);
});

const EXPECTED = [
  "Deals_LimitMissed",
  "Deals_NothingLeft",
  "ERC1155InsufficientBalance",
  "Escrow_Locked",
  "Orders_CounterRaised",
  "Orders_NotSettler",
  "accept",
  "authorize",
  "declareIslanded",
  "endTieLine",
  "register",
  "release",
  "release: Forwards_NotReported",
  "release: Released",
  "report",
  "reserve: Reserved",
  "retire",
  "schedule",
  "setIslanded",
  "settle: Deals_Islanded",
  "settle: Deals_NotCovered",
  "settle: Deals_PricesDontMeet",
  "settle: Matched",
  "settle: Orders_NoLock",
  "settle: Reserved",
  "undelivered",
  "undelivered: Forwards_NotOverdue",
  "undelivered: Released",
];

/** Does the same on both sides, compares what came of it, and says what that was. */
async function compare(action: Action, model: Model, chain: Chain): Promise<string[]> {
  model.nowS += 1;
  const { nowS } = model;
  const made = model.trades.positions.length;
  const open = openPositions(model);
  const expected = model.act(action);
  const answer = await chain.act(action, nowS);

  if (expected.broken.size === 0) expect(answer.error).to.equal(undefined);
  else expect([...expected.broken]).to.include(answer.error);
  expect(answer.outcomes.length, "outcomes").to.equal(
    action.kind === "settle" ? expected.outcomes.length : model.trades.positions.length - made,
  );
  for (const [i, outcome] of expected.outcomes.entries()) {
    const allowed = typeof outcome === "string" ? [outcome] : [...outcome];
    expect(allowed, `match ${i}`).to.include(answer.outcomes[i]);
  }
  expect(answer.kept.length, "blocks not released").to.equal(expected.kept.length);
  for (const [i, { position, block, reasons }] of expected.kept.entries()) {
    const firstBlock = model.trades.positions[position]?.firstBlock ?? 0;
    expect(answer.kept[i]?.block).to.equal(firstBlock + block);
    expect([...reasons]).to.include(answer.kept[i]?.reason);
  }
  for (const [i, position] of model.trades.positions.entries()) {
    if (i < made) continue;
    const { crosses: _, energyWh, aheadWh, ...terms } = position;
    expect(chain.positionAt(i)).to.deep.equal({
      ...terms,
      energyWh: [...energyWh],
      aheadWh: [...aheadWh],
    });
  }
  expect(await chain.differences(model)).to.deep.equal([]);
  return [
    answer.error ?? action.kind,
    ...(openPositions(model) < open ? [`${action.kind}: Released`] : []),
    ...answer.outcomes.map((outcome) => `${action.kind}: ${outcome}`),
    ...answer.kept.map(({ reason }) => `${action.kind}: ${reason}`),
  ];
}

/** How many positions have open blocks. */
const openPositions = ({ tallies }: Model): number =>
  tallies.open.entries().filter(({ amount }) => amount > 0n).length;

/** All the money that anybody can still get out, in thousandths. */
const vaultOf = ({ tallies, trades }: Model): bigint =>
  tallies.money.entries().reduce((sum, { amount }) => sum + amount, trades.locked());

const plainly = (_: string, value: unknown): unknown => {
  if (typeof value === "bigint") return String(value);
  return value instanceof Map ? [...value].map(([slot, wh]) => `${slot}: ${wh}`) : value;
};

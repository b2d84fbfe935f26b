import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import type { Address } from "viem";
import { runs } from "../support/runs.ts";
import {
  createWorld,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  START,
  START_SLOT,
  type World,
} from "../support/world.ts";
import type { Action, Tariffs } from "./actions.ts";
import { Chain } from "./chain.ts";
import { Model, slotsIn } from "./model.ts";
import { type Cast, KINDS, openingActions, Planner, scenario } from "./scenarios.ts";

const PATIENCE_MS = process.env.WATTLINE_DEEP === undefined ? 180_000 : 3_600_000;
const MONEY = 300_000n;
const PAST_SLOTS = 16;
const REPORTING_DEADLINE_S = 3_600;
const ENERGY_WH = 300n;
const TARIFFS: Tariffs = {
  feedIn: 80_000n,
  retail: 320_000n,
  networkFee: 20_000n,
  islandPriceCap: 160_000n,
  islandRationWh: 150n,
};
const LINE = { lossBps: 250n, capacityWh: 400n, wheelingUp: 30_001n, wheelingDown: 5_000n };

describe("The market and a plain model of it", () => {
  let world: World;
  let people: Person[];
  let meters: MeterOf[];
  let households: Person[];
  let dsos: Person[];
  let delegate: Person;
  let stranger: Person;
  let startS: number;
  let restore: () => Promise<void>;

  before(async () => {
    world = await createWorld();
    households = ["Jane", "Bob", "Carol", "Dave", "Erin"].map(world.person);
    delegate = world.person("home agent");
    stranger = world.person("stranger");
    const otherDso = world.person("other DSO");
    dsos = [world.dso, otherDso, world.dso];
    people = [...households, delegate, stranger, world.operator, ...dsos];
    await foundMicrogrids(otherDso);
    meters = await registerMeters();
    for (const { signer, address } of households) {
      await world.euro.mint(address, 1_000n * MONEY);
      await world.euro.connect(signer).approve(world.addresses.market, 1_000n * MONEY);
      await world.marketplace.connect(signer).deposit(world.addresses.euro, MONEY);
    }
    await world.passSlots(PAST_SLOTS);
    const past = Array.from({ length: PAST_SLOTS }, (_, i) => START_SLOT + i);
    const exported = new Map(past.map((slot) => [slot, ENERGY_WH]));
    for (const meter of meters) await world.report(meter, exported);
    startS = await world.networkHelpers.time.latest();
    const snapshot = await world.networkHelpers.takeSnapshot();
    restore = () => snapshot.restore();
  });
  after(() => world.close());

  /** Two communities joined by a tie line, and a third with longer slots that nothing joins. */
  async function foundMicrogrids(otherDso: Person) {
    const { islandRationWh, ...rest } = TARIFFS;
    const tariffs = { ...rest, islandRation: islandRationWh };
    for (const slotSeconds of [SLOT_SECONDS, SLOT_SECONDS, 3600]) {
      await world.found({
        charter: { slotSeconds, reportingDeadline: REPORTING_DEADLINE_S },
        tariffs,
      });
    }
    const operated = world.meters.connect(world.operator.signer);
    await operated.setDso(2, otherDso.address);
    const { capacityWh: capacity, ...line } = LINE;
    await operated.proposeTieLine(1, 2, { ...line, capacity });
    await operated.proposeTieLine(2, 1, { ...line, capacity });
  }

  async function registerMeters() {
    const [jane, bob, carol, dave, erin] = households;
    if (!jane || !bob || !carol || !dave || !erin) throw new Error("Somebody is missing.");
    return [
      await world.meter(jane, { capacityW: 4_000 }),
      await world.meter(bob, { capacityW: 3_000, source: "Wind" }),
      await world.meter(carol, { capacityW: 4_000, critical: true }),
      await world.meter(dave, { capacityW: 4_000, microgrid: 2 }),
      await world.meter(erin, { capacityW: 2_400, microgrid: 2, source: "Wind", critical: true }),
    ];
  }

  /** The model as the world is after the setup above. */
  async function modelOfWorld(): Promise<Model> {
    const model = new Model(startS, world.addresses.market);
    for (const [i, slotSeconds] of [SLOT_SECONDS, SLOT_SECONDS, 3600].entries()) {
      model.microgrids.set(i + 1, {
        operator: world.operator.address,
        dso: dsos[i]?.address ?? world.dso.address,
        slotSeconds,
        reportingDeadlineS: REPORTING_DEADLINE_S,
        mode: "Connected",
        tariffs: TARIFFS,
      });
    }
    for (const [mine, other] of [[1, 2] as const, [2, 1] as const]) {
      const who = world.operator.address;
      model.act({ kind: "proposeTieLine", who, mine, other, line: LINE });
    }
    for (const { address } of households)
      model.act({ kind: "deposit", who: address, amount: MONEY });
    for (const { device, owner, microgrid } of meters) {
      const { capacityW, critical, source } = await world.meters.meterOf(device.address);
      model.meters.set(device.address, {
        owner: owner.address,
        microgrid,
        source: source === 0n ? "Solar" : "Wind",
        capacityW,
        critical,
        active: true,
        sinceS: START,
      });
      const past = Array.from({ length: PAST_SLOTS }, (_, i) => START_SLOT + i);
      const exportedWh = new Map(past.map((slot) => [slot, ENERGY_WH]));
      const reading = { meter: device.address, signer: device.address, exportedWh };
      model.act({ kind: "report", who: owner.address, ...reading });
    }
    return model;
  }

  const castOf = (): Cast => ({
    operator: world.operator.address,
    households: households.map(({ address }) => address),
    delegate: delegate.address,
    stranger: stranger.address,
    market: world.addresses.market,
    slotSeconds: SLOT_SECONDS,
  });

  it("agree on every balance, price and refusal, whatever happens", async () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

    await fc.assert(
      fc.asyncProperty(scenario, async ({ opening, steps }) => {
        await restore();
        const model = await modelOfWorld();
        const chain = new Chain(world, people, meters);
        const planner = new Planner(model, castOf());
        const sides = { model, chain, count };
        for (const action of openingActions(opening, castOf())) await act(action, sides);
        for (const step of steps) await act(planner.plan(step), sides);
        expect(await chain.differences(model, "all")).to.deep.equal([]);
        expect(model.vault).to.equal(moneyIn(model));
      }),
      { ...runs(100), interruptAfterTimeLimit: 0.8 * PATIENCE_MS },
    );

    // A comparison that never meets a case says nothing about it.
    expect(EXPECTED.filter((what) => !seen.has(what))).to.deep.equal([]);
  }).timeout(PATIENCE_MS);

  interface Sides {
    readonly model: Model;
    readonly chain: Chain;
    readonly count: (what: string) => void;
  }

  /** Does the same on both sides and compares what came of it. */
  async function act(action: Action, { model, chain, count }: Sides): Promise<void> {
    model.nowS += 1;
    const { nowS } = model;
    const expected = model.act(action);
    const answer = await chain.act(action, nowS);
    const story = () => JSON.stringify(action, plainly, 1);

    if (expected.broken.size === 0) expect(answer.error, story()).to.equal(undefined);
    else expect([...expected.broken], `${answer.error} ${story()}`).to.include(answer.error);
    count(answer.error ?? action.kind);
    if (answer.error === undefined) for (const what of circumstancesOf(action, model)) count(what);

    const { clearing } = answer;
    const reasons = expected.clearing?.skipped ?? [];
    const traded = [...(expected.clearing?.prices ?? [])].filter(([, price]) => price > 0n);
    expect(clearing?.skipped.length ?? 0, story()).to.equal(reasons.length);
    for (const [i, reason] of (clearing?.skipped ?? []).entries()) {
      expect([...(reasons[i] ?? [])], story()).to.include(reason);
      count(`skipped: ${reason}`);
    }
    expect(inOrder([...(clearing?.prices ?? [])]), story()).to.deep.equal(inOrder(traded));
    expect(await chain.differences(model, "touched"), story()).to.deep.equal([]);
  }
});

/** What makes a successful action worth having met. */
function circumstancesOf(action: Action, model: Model): string[] {
  const modes = [...model.microgrids.values()].map(({ mode }) => mode);
  switch (action.kind) {
    case "accept":
    case "reserve": {
      const { order, signer } = action.signed;
      const [from, to] = [order.microgrid, action.take.microgrid];
      const isChanged = from !== to && model.lineInForce(from, to)?.lossBps !== LINE.lossBps;
      return [
        ...(from === to ? [] : [`${action.kind} across a line`]),
        ...(isChanged ? ["trade over a changed line"] : []),
        ...(signer === order.maker ? [] : [`${action.kind} of a delegate's order`]),
        ...(model.microgrid(to).mode === "Islanded" ? [`${action.kind} while islanded`] : []),
      ];
    }
    case "settle": {
      const isIslanded = model.microgrid(action.batch[0]?.order.microgrid ?? 1).mode === "Islanded";
      return isIslanded ? ["settle while islanded"] : [];
    }
    case "release":
      return action.releases.flatMap(({ position, block }) => [
        ...(slotsIn(block).some((slot) => isShort(model, position.meter, slot))
          ? ["release after a shortfall"]
          : ["release of a full delivery"]),
        ...(position.from === position.to ? [] : ["release across a line"]),
        ...(modes.includes("Closed") ? ["release while closed"] : []),
      ]);
    default:
      return [];
  }
}

const isShort = ({ tallies }: Model, meter: Address, slot: number): boolean =>
  tallies.delivered.of(meter, slot) < tallies.committed.of(meter, slot);

/** All the money that anybody can still get out. */
const moneyIn = (model: Model): bigint =>
  model.tallies.money
    .entries()
    .reduce((sum, { amount }) => sum + amount, model.lockedInPositions());

const inOrder = (prices: [number, bigint][]) => prices.sort(([a], [b]) => a - b);

const plainly = (_: string, value: unknown): unknown => {
  if (typeof value === "bigint") return String(value);
  return value instanceof Map ? [...value].map(([slot, wh]) => `${slot}: ${wh}`) : value;
};

/** What the scenarios of the usual run must meet at least once. */
const EXPECTED: readonly string[] = [
  ...KINDS,
  "ERC1155InsufficientBalance",
  "EnergyToken_NothingRetired",
  "Escrow_BadLock",
  "Escrow_BadRecipient",
  "Escrow_InsufficientBalance",
  "Escrow_Locked",
  "Escrow_NothingDeposited",
  "Forwards_IsSpot",
  "Forwards_NotResolved",
  "Forwards_NothingReleased",
  "Forwards_NothingReserved",
  "Meters_AlreadyReported",
  "Meters_BadOwner",
  "Meters_BadSignature",
  "Meters_BeforeRegistration",
  "Meters_Inactive",
  "Meters_NotOwner",
  "Meters_NotSuch",
  "Meters_OverCapacity",
  "Meters_OverCommitted",
  "Meters_SlotNotEnded",
  "Meters_SlotStarted",
  "Meters_Unknown",
  "Microgrids_BadTariffs",
  "Microgrids_BadTieLine",
  "Microgrids_NoTieLine",
  "Microgrids_NotOperator",
  "Microgrids_TieLineMismatch",
  "Microgrids_Unknown",
  "Orders_AllowanceExceeded",
  "Orders_BadDelegate",
  "Orders_BadSignature",
  "Orders_CounterRaised",
  "Orders_Expired",
  "Orders_IsCancelled",
  "Orders_NotCounterparty",
  "Orders_OutsideSlots",
  "Orders_Overfilled",
  "Orders_SourceNotNamed",
  "Settlement_BadIndex",
  "Settlement_CriticalShort",
  "Settlement_Crossed",
  "Settlement_Empty",
  "Settlement_LengthMismatch",
  "Settlement_MixedMicrogrids",
  "Settlement_WrongSide",
  "Spot_IsForward",
  "Trading_AboveIslandCap",
  "Trading_BadMeter",
  "Trading_ChargeExceedsPrice",
  "Trading_Closed",
  "Trading_Islanded",
  "Trading_LimitMissed",
  "Trading_LineFull",
  "Trading_NothingTaken",
  "Trading_RationExceeded",
  "Trading_SelfTrade",
  "accept across a line",
  "accept of a delegate's order",
  "accept while islanded",
  "release across a line",
  "release after a shortfall",
  "release of a full delivery",
  "release while closed",
  "reserve across a line",
  "reserve of a delegate's order",
  "reserve while islanded",
  "settle while islanded",
  "skipped: Escrow_InsufficientBalance",
  "skipped: Orders_AllowanceExceeded",
  "skipped: Orders_BadSignature",
  "skipped: Orders_CounterRaised",
  "skipped: Orders_Expired",
  "skipped: Orders_NotCounterparty",
  "skipped: Orders_Overfilled",
  "skipped: Orders_SourceNotNamed",
  "skipped: Settlement_NotCovered",
  "skipped: Trading_AboveIslandCap",
  "trade over a changed line",
];

import {
  type Audit,
  type ChainBlock,
  type ChainLog,
  type ChainTransaction,
  type Check,
  type Contracts,
  createAudit,
  decodeLog,
  type EventNamed,
  type HistoryEvent,
  type IsAccepted,
  marketplaceAbi,
  metersAbi,
  questionsOn,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Address, encodeAbiParameters, type Hex } from "viem";
import { answerIn, blocksOf, contractsOf } from "../support/chainReader.ts";
import { createWorld, type Person, START, type World } from "../support/world.ts";
import type { Action } from "./actions.ts";
import { Chain } from "./chain.ts";
import { Model } from "./model.ts";
import { deviceKeys, participantsIn } from "./participants.ts";
import { openingActions, type Participants, Planner } from "./scenarios.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;
const SCENARIOS = Number(process.env.WATTLINE_MODEL_SCENARIOS ?? (DEEP ? 400 : 30));
const FIRST_SEED = Number(process.env.WATTLINE_MODEL_SEED ?? 1);
const STEPS = 40;

describe("The audit of whatever may happen", function () {
  this.timeout(DEEP ? 3_600_000 : 240_000);
  let world: World;
  let people: Person[];
  let participants: Participants;
  let contracts: Contracts;
  let restore: () => Promise<void>;
  const devices = () => deviceKeys(world);

  before(async () => {
    world = await createWorld();
    ({ people, participants } = await participantsIn(world));
    contracts = await contractsOf(world);
    const snapshot = await world.networkHelpers.takeSnapshot();
    restore = () => snapshot.restore();
  });
  after(() => world.close());

  /** Plays a scenario, refused actions and all. */
  async function play(seed: number): Promise<void> {
    await restore();
    const model = new Model(START - 1_800, world.addresses.market);
    const [founding] = openingActions(participants);
    if (founding !== undefined) model.act(founding);
    const chain = new Chain(world, people, devices());
    const act = async (action: Action) => {
      model.nowS += 1;
      model.act(action);
      await chain.act(action, model.nowS);
    };
    for (const action of openingActions(participants)) await act(action);
    const planner = new Planner(seed, model, participants);
    for (let step = 0; step < STEPS; step++) await act(planner.next());
  }

  const noWallets: IsAccepted = async () => false;

  async function auditOf(chain: readonly ChainBlock[]) {
    const audit = createAudit({ chainId: world.chainId, contracts, isAccepted: noWallets });
    await audit.blocks(chain);
    return audit;
  }

  /** The model has no night: its meters export at any hour. */
  const findingsOf = ({ tally }: Audit) =>
    tally
      .findings()
      .filter(({ check }) => check !== "sun")
      .map(({ check, block, message }) => `${check}, block ${block}: ${message}`);

  /** Holds the rebuilt state against the chain's; tells what was asked about. */
  async function compareState(audit: Audit, seed: number): Promise<Set<string>> {
    const asked = new Set<string>();
    const block = await world.ethers.provider.getBlock("latest");
    for (const question of questionsOn(audit.state, contracts, block?.timestamp ?? 0)) {
      const fault = question.judge(await answerIn(world, question));
      expect(fault, `Seed ${seed}: ${question.subject}`).to.equal(undefined);
      asked.add(question.subject.split(" ")[0] ?? "");
    }
    return asked;
  }

  it("finds nothing, and the rebuilt state is the chain's", async () => {
    const met = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCENARIOS; seed++) {
      await play(seed);
      const audit = await auditOf(await blocksOf(world, contracts));
      expect(findingsOf(audit), `Seed ${seed}`).to.deep.equal([]);
      for (const subject of await compareState(audit, seed)) met.add(subject);
      for (const verdict of audit.verdicts()) if (verdict.checked > 0) met.add(verdict.check);
    }
    if (FIRST_SEED === 1 && SCENARIOS >= 30) {
      expect(EXPECTED.filter((what) => !met.has(what))).to.deep.equal([]);
    }
  });

  it("says what it can't see where other contracts have called, and rebuilds the same state", async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 3; seed++) {
      await play(seed);
      const hidden = (await blocksOf(world, contracts)).map((block) => ({
        ...block,
        transactions: block.transactions.map(
          (transaction): ChainTransaction => ({ ...transaction, to: ELSEWHERE, input: "0x" }),
        ),
      }));
      const audit = await auditOf(hidden);
      expect(findingsOf(audit), `Seed ${seed}`).to.deep.equal([]);
      await compareState(audit, seed);
      const unseen = audit.verdicts().filter((verdict) => verdict.unseen > 0);
      expect(unseen.map(({ check }) => check)).to.include.members(["order-signature", "price"]);
    }
  });

  it("finds every event that says something false", async () => {
    const missing = new Set(FRAUDS);
    for (let seed = FIRST_SEED; missing.size > 0 && seed < FIRST_SEED + 40; seed++) {
      await play(seed);
      const chain = await blocksOf(world, contracts);
      for (const fraud of missing) {
        const told = withFraud(chain, fraud);
        if (told === undefined) continue;
        missing.delete(fraud);
        const audit = await auditOf(told.chain);
        const found = audit.tally
          .findings()
          .filter(({ transaction }) => transaction === told.transaction)
          .map(({ check }) => check);
        expect(found, `Seed ${seed}: ${fraud.event}, ${fraud.checks}`).to.include.oneOf([
          ...fraud.checks,
        ]);
      }
    }
    expect([...missing].map(({ event, checks }) => [event, checks])).to.deep.equal([]);
  });

  /** The chain with one event changed, the first that the fraud is about; undefined when there is none. */
  function withFraud(chain: readonly ChainBlock[], { event: name, change }: Fraud) {
    let transaction: Hex | undefined;
    const lie = (log: ChainLog, hash: Hex): ChainLog => {
      const event = decodeLog(contracts, log);
      if (transaction !== undefined || event?.eventName !== name) return log;
      const args = change(event);
      if (args === undefined) return log;
      transaction = hash;
      return { ...log, data: dataOf(name, { ...event.args, ...args }) };
    };
    const changed = chain.map((block) => ({
      ...block,
      transactions: block.transactions.map((each) => ({
        ...each,
        logs: each.logs.map((log) => lie(log, each.hash)),
      })),
    }));
    return transaction && { chain: changed, transaction };
  }
});

const ELSEWHERE: Address = `0x${"ee".repeat(20)}`;

/** The data of an event of the marketplace or the meters. */
function dataOf(name: string, args: Readonly<Record<string, unknown>>): Hex {
  const item = [...marketplaceAbi, ...metersAbi].find(
    (each) => each.type === "event" && each.name === name,
  );
  if (item?.type !== "event") throw new RangeError(`There is no event ${name}.`);
  const plain = item.inputs.filter(({ indexed }) => indexed !== true);
  return encodeAbiParameters(
    plain,
    plain.map((input) => args[input.name]),
  );
}

/** A false event: the audit must say so in one of these checks, in that transaction. */
interface Fraud {
  readonly event: HistoryEvent["eventName"];
  readonly checks: readonly Check[];
  /** What it says instead; undefined where it can't be false in this way. */
  change(event: HistoryEvent): object | undefined;
}

const fraud = <Name extends HistoryEvent["eventName"]>(
  event: Name,
  checks: Check | readonly Check[],
  change: (event: EventNamed<Name>) => object | undefined,
): Fraud => ({
  event,
  checks: typeof checks === "string" ? [checks] : checks,
  change: (each) => (isNamed(each, event) ? change(each) : undefined),
});

const isNamed = <Name extends HistoryEvent["eventName"]>(
  event: HistoryEvent,
  name: Name,
): event is EventNamed<Name> => event.eventName === name;

const OTHER_REASON = "0x12345678";

const FRAUDS: readonly Fraud[] = [
  fraud("Traded", "price", ({ args: { cost } }) => ({ cost: cost + 1n })),
  fraud("Traded", "fees", ({ args: { charge } }) => ({ charge: charge + 1n })),
  fraud("Traded", "overfill", ({ args: { filled } }) => ({ filled: filled - 1n })),
  fraud("Matched", ["price", "community-price"], ({ args: { cost } }) => ({ cost: cost + 1n })),
  fraud("Matched", "fees", ({ args: { charge } }) => ({ charge: charge + 1n })),
  fraud("Matched", "overfill", ({ args: { arrivedWh } }) => ({ arrivedWh: arrivedWh + 1n })),
  fraud("Skipped", "skips", () => ({ reason: OTHER_REASON })),
  fraud(
    "Crossed",
    "logs",
    ({
      args: {
        arrived: [first = 0n, ...rest],
      },
    }) => ({
      arrived: [first + 1n, ...rest],
    }),
  ),
  fraud("Drawn", "allowance", ({ args: { amount } }) => ({ amount: amount + 1n })),
  fraud("Reserved", "price", ({ args: { locked } }) => ({ locked: locked + 1n })),
  fraud("Reserved", "refunds", ({ args: { bonded } }) => ({ bonded: bonded + 1n })),
  fraud("Reserved", "price", ({ args: { position } }) => ({
    position: { ...position, price: position.price + 1n },
  })),
  fraud("Reserved", "fees", ({ args: { position } }) => ({
    position: { ...position, charge: position.charge + 1n },
  })),
  fraud("Reserved", "shares", ({ args: { position } }) => ({
    position: { ...position, ahead: position.ahead.map((word) => word + 1n) },
  })),
  fraud("Reserved", "calldata", ({ args: { position } }) => ({
    position: { ...position, buyerDelegate: ELSEWHERE },
  })),
  fraud("Released", "shares", ({ args: { delivered } }) =>
    delivered === 0n ? undefined : { delivered: 0n },
  ),
  fraud("Released", "shares", ({ args: { undelivered } }) => ({
    undelivered: undelivered ^ (1n << 31n),
  })),
  fraud("Released", "price", ({ args: { paid } }) => ({ paid: paid + 1n })),
  fraud("Released", "fees", ({ args: { charge } }) => ({ charge: charge + 1n })),
  fraud("Released", "refunds", ({ args: { refund } }) => ({ refund: refund + 1n })),
  fraud("Released", "refunds", ({ args: { forfeited } }) => ({ forfeited: forfeited + 1n })),
  fraud("NotReleased", "skips", () => ({ reason: OTHER_REASON })),
  fraud("Delivered", "minting", ({ args: { kept } }) => ({ kept: kept + 1n })),
  fraud(
    "Reported",
    "calldata",
    ({
      args: {
        exported: [first = 0n, ...rest],
      },
    }) => ({
      exported: [first ^ 1n, ...rest],
    }),
  ),
  fraud("Deposited", "calldata", ({ args: { amount } }) => ({ amount: amount + 1n })),
  fraud("Withdrawn", "calldata", ({ args: { amount } }) => ({ amount: amount + 1n })),
];

const EXPECTED = [
  "allowance",
  "community-price",
  "fees",
  "island",
  "line-capacity",
  "lock",
  "loss",
  "order-signature",
  "price",
  "refunds",
  "shares",
  "skips",
  "account",
  "energy",
  "fill",
  "position",
  "flow",
  "ration",
  "meter",
  "delivery",
  "reported",
];

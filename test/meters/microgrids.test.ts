import { blockOf } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { zeroAddress } from "viem";
import { scene } from "../support/neighbours.ts";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { membersOf, valuesOf } from "../support/structs.ts";
import {
  createWorld,
  DAY,
  LEVEL,
  type Level,
  type Person,
  SLOT_SECONDS,
  START,
  START_SLOT,
  slot,
  type TieLine,
} from "../support/world.ts";

const NEVER = 2n ** 32n - 1n;
const NOT_YET = 2n ** 40n - 1n;
const MIDDLE = 2n ** 80n - 1n;
const NOTICE_SLOTS = (7 * DAY) / SLOT_SECONDS;
const DEADLINE = DAY;
/** The guard bits of all eight lanes. */
const GUARDS = 0x8000000080000000800000008000000080000000800000008000000080000000n;

describe("microgrids", () => {
  const get = scene(async () => {
    const world = await createWorld();
    await world.passTo(START);
    const [stranger, successor] = [await world.person(), await world.person()];
    return { world, stranger, successor };
  });

  const as = (person: Person = get().world.operator) =>
    get().world.microgrids.connect(person.signer);
  const refused = (attempt: Promise<unknown>, error: string, ...args: readonly unknown[]) => {
    const expected = expect(attempt).to.be.revertedWithCustomError(get().world.microgrids, error);
    return args.length === 0 ? expected : expected.withArgs(...args);
  };
  const level = (over: Partial<Level> = {}): Level => ({ ...LEVEL, ...over });
  /** The next transaction is made at this second. */
  const at = (time: number) => get().world.networkHelpers.time.setNextBlockTimestamp(time);
  const rules = (firstBlock: number, blocks: number, declared = false, schedule = 0) =>
    as().rulesOf(1, schedule, firstBlock, blocks, declared);

  /** The slots, counted from the tests' start, that are islanded among those of some blocks. */
  async function islandedIn(blocks: number, declared = false): Promise<number[]> {
    const { islanded } = await rules(blockOf(START_SLOT), blocks, declared);
    return [...islanded].flatMap((word, block) =>
      Array.from({ length: 8 }, (_, lane) => lane)
        .filter((lane) => (word >> BigInt(32 * lane + 31)) & 1n)
        .map((lane) => 8 * block + lane),
    );
  }
  const run = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);

  describe("founding", () => {
    const found = (
      over: object = {},
      levels: readonly Level[] = [level()],
      { levelOfHour = 0n, dso = get().world.dso.address, by = get().stranger } = {},
    ) => as(by).found({ ...get().world.charter, ...over }, levelOfHour, [...levels], dso, 250);

    it("is open to anyone, who becomes the operator, and keeps what was decided", async () => {
      const { world, stranger } = get();
      const charter = { ...world.charter, name: "Moon Street", utcOffsetMinutes: -150 };
      await expect(found(charter)).to.emit(world.microgrids, "Founded");
      expect(await as().microgridCount()).to.equal(2n);
      const kept = await as().microgridOf(2);
      expect(kept.operator).to.equal(stranger.address);
      expect(kept.dso).to.equal(world.dso.address);
      expect([kept.islanded, kept.closed, kept.ration, kept.schedules]).to.deep.equal([
        false,
        false,
        250n,
        1n,
      ]);
      expect(membersOf(kept.charter)).to.deep.equal({
        ...charter,
        latitudeTenths: 484n,
        longitudeTenths: 100n,
        slotSeconds: 900n,
        reportingDeadline: 86_400n,
        utcOffsetMinutes: -150n,
      });
      expect(valuesOf(await as().termsOf(2))).to.deep.equal([world.addresses.euro, 0n, 900n, true]);
    });

    const bad: readonly (readonly [string, object, string, ...unknown[]])[] = [
      ["no name", { name: "" }, "Microgrids_BadName", 0n],
      ["a name of 65 bytes", { name: `${"ü".repeat(32)}u` }, "Microgrids_BadName", 65n],
      ["a place beyond the pole", { latitudeTenths: 901 }, "Microgrids_BadPlace", 901n, 100n],
      ["a place beyond the date line", { longitudeTenths: -1801 }, "Microgrids_BadPlace"],
      ["a currency without code", { currency: zeroAddress }, "Microgrids_BadCurrency"],
      ["slots of 600 s", { slotSeconds: 600 }, "Microgrids_BadSlotLength", 600n],
      ["no reporting deadline", { reportingDeadline: 0 }, "Microgrids_BadDeadline", 0n],
      ["a deadline of 3,599 s", { reportingDeadline: 3_599 }, "Microgrids_BadDeadline", 3_599n],
      ["one beyond 30 days", { reportingDeadline: 30 * DAY + 1 }, "Microgrids_BadDeadline"],
      ["one of 136 years", { reportingDeadline: 2 ** 32 - 1 }, "Microgrids_BadDeadline"],
      ["a clock 12 h 1 min behind", { utcOffsetMinutes: -721 }, "Microgrids_BadOffset", -721n],
      ["a clock 14 h 1 min ahead", { utcOffsetMinutes: 841 }, "Microgrids_BadOffset", 841n],
    ];
    for (const [what, over, error, ...args] of bad) {
      it(`refuses ${what}`, () => refused(found(over), error, ...args));
    }

    it("takes the extremes of name, place, deadline, clock and slot length", async () => {
      const corner = { name: "ü".repeat(32), latitudeTenths: 900, longitudeTenths: 1_800 };
      await found({
        reportingDeadline: 3_600,
        utcOffsetMinutes: -720,
        slotSeconds: 300,
        ...corner,
      });
      await found({ latitudeTenths: -900, longitudeTenths: -1_800 });
      await found({ reportingDeadline: 30 * DAY, utcOffsetMinutes: 840, slotSeconds: 3_600 });
      expect((await as().termsOf(2)).slotSeconds).to.equal(300n);
      expect((await as().microgridOf(2)).charter.name).to.equal(corner.name);
      expect((await as().termsOf(4)).slotSeconds).to.equal(3_600n);
    });

    it("refuses the zero address as DSO", () =>
      refused(found({}, [level()], { dso: zeroAddress }), "Microgrids_BadDso"));

    it("refuses schedules of no level, of five, with an hour without one, with fees above the price", async () => {
      await refused(found({}, []), "Microgrids_BadSchedule", 0n);
      await refused(found({}, Array(5).fill(level())), "Microgrids_BadSchedule", 5n);
      const atNoon = { levelOfHour: 2n << 24n };
      await refused(found({}, [level(), level()], atNoon), "Microgrids_BadSchedule", 2n);
      const dear = level({ price: 100n, fee: 101n });
      await refused(found({}, [level(), dear]), "Microgrids_BadSchedule", 1n);
      await refused(found({}, [level({ feedIn: 320_001n })]), "Microgrids_BadSchedule", 0n);
      const middle = { price: MIDDLE, feedIn: 80_001n, retail: 320_000n };
      await refused(found({}, [level({ ...middle, fee: 200_001n })]), "Microgrids_BadSchedule", 0n);
      await found({}, [level({ ...middle, fee: 200_000n })]);
      const beyond = { price: MIDDLE, feedIn: 2n ** 95n, retail: 2n ** 95n };
      await refused(found({}, [level(beyond)]), "Microgrids_BadSchedule", 0n);
    });

    it("puts the middle of feed-in and retail tariff, rounded down, in the place of MIDDLE", async () => {
      const { world } = get();
      await expect(found({}, [level({ price: MIDDLE, feedIn: 80_001n, retail: 320_000n })]))
        .to.emit(world.microgrids, "Scheduled")
        .withArgs(2n, 0n, 0n, 0n, (levels: { price: bigint }[]) => levels[0]?.price === 200_000n);
      expect((await as().scheduleOf(2, 0)).levels[0]?.price).to.equal(200_000n);
    });

    it("keeps four levels at the top of their ranges apart", async () => {
      const top = { price: MIDDLE - 1n, fee: MIDDLE - 1n, cap: MIDDLE, retail: 2n ** 96n - 1n };
      const full = level({ ...top, feedIn: 2n ** 96n - 1n });
      const levels = [level(), full, level({ price: 1n }), full];
      const levelOfHour = 0x39_c6_39_c6_39_c6n;
      await found({}, levels, { levelOfHour });
      const kept = await as().scheduleOf(2, 0);
      expect(kept.levels.map(membersOf)).to.deep.equal(levels);
      expect(kept.levelOfHour).to.equal(levelOfHour);
      const { prices, fees, caps, utcOffsetMinutes } = await as().rulesOf(2, 0, 0, 0, false);
      expect([...prices]).to.deep.equal(levels.map(({ price }) => price));
      expect([...fees]).to.deep.equal(levels.map(({ fee }) => fee));
      expect([...caps]).to.deep.equal(levels.map(({ cap }) => cap));
      expect(utcOffsetMinutes).to.equal(0n);
      expect((await as().termsOf(2)).plain).to.equal(false);
    });
  });

  describe("schedules", () => {
    it("are appended, hold from their first slot on, and leave the one before as it was", async () => {
      const { world } = get();
      const first = slot(NOTICE_SLOTS + 10);
      expect((await as().termsOf(1)).plain).to.equal(true);
      await expect(as().schedule(1, first, 0, [level({ price: 500_000n })])).to.emit(
        world.microgrids,
        "Scheduled",
      );
      const [before, then] = [await as().scheduleOf(1, 0), await as().scheduleOf(1, 1)];
      expect([before.firstSlot, before.endSlot]).to.deep.equal([0n, BigInt(first)]);
      expect([then.firstSlot, then.endSlot]).to.deep.equal([BigInt(first), NEVER]);
      expect(before.levels[0]?.price).to.equal(200_000n);
      expect(then.levels[0]?.price).to.equal(500_000n);
      expect((await as().termsOf(1)).plain).to.equal(false);
      expect((await rules(0, 0, false, 1)).prices[0]).to.equal(500_000n);
      expect((await as().microgridOf(1)).schedules).to.equal(2n);
    });

    it("begin seven days ahead at the earliest, to the second", async () => {
      const earliest = BigInt(slot(8 + NOTICE_SLOTS));
      await at(START + 7 * SLOT_SECONDS + 1);
      await refused(
        as().schedule(1, earliest - 1n, 0, [level()]),
        "Microgrids_TooEarly",
        earliest - 1n,
        earliest,
      );
      await at(START + 8 * SLOT_SECONDS);
      await as().schedule(1, earliest, 0, [level()]);
    });

    it("are never replaced: the next one begins later", async () => {
      const first = slot(NOTICE_SLOTS + 100);
      await as().schedule(1, first, 0, [level({ price: 500_000n })]);
      for (const sooner of [first, first - 1]) {
        await refused(
          as().schedule(1, sooner, 0, [level({ price: 1n })]),
          "Microgrids_TooEarly",
          sooner,
          first + 1,
        );
      }
      await as().schedule(1, first + 1, 0, [level({ price: 1n })]);
      expect((await as().scheduleOf(1, 1)).endSlot).to.equal(BigInt(first + 1));
    });

    it("are found by number only", async () => {
      await refused(as().scheduleOf(1, 1), "Microgrids_NoSchedule", 1, 1);
      // For trades one that is missing holds for no slot.
      const { firstSlot, endSlot } = await as().rulesOf(1, 1, 0, 0, false);
      expect([firstSlot, endSlot]).to.deep.equal([0n, 0n]);
    });
  });

  describe("islands", () => {
    it("cover the slot in which they begin and all that follow, until they end", async () => {
      const { world } = get();
      await at(START + 3 * SLOT_SECONDS + 899);
      await expect(as().setIslanded(1, true))
        .to.emit(world.microgrids, "Islanded")
        .withArgs(1, 0, slot(3));
      expect(await islandedIn(2)).to.deep.equal(run(3, 15));
      expect((await as().microgridOf(1)).islanded).to.equal(true);
      await at(START + 9 * SLOT_SECONDS);
      await expect(as().setIslanded(1, false))
        .to.emit(world.microgrids, "Reconnected")
        .withArgs(1, 0, slot(9));
      expect(await islandedIn(2)).to.deep.equal(run(3, 9));
      expect((await as().termsOf(1)).plain).to.equal(false);
    });

    it("begin and end once each", async () => {
      await refused(as().setIslanded(1, false), "Microgrids_NothingChanges", 1);
      await as().setIslanded(1, true);
      await refused(as().setIslanded(1, true), "Microgrids_NothingChanges", 1);
    });

    it("may come and go within one slot, which stays islanded", async () => {
      for (const on of [true, false, true, false, true, false]) await as().setIslanded(1, on);
      expect(await islandedIn(1)).to.deep.equal([0]);
      await as().setIslanded(1, true);
      expect(await islandedIn(1)).to.deep.equal(run(0, 7));
      await at(START + 2 * SLOT_SECONDS);
      await as().setIslanded(1, false);
      expect(await islandedIn(1)).to.deep.equal([0, 1, 2]);
    });

    it("of three years end as cheaply as short ones", async () => {
      await as().setIslanded(1, true);
      await at(START + 1_095 * DAY);
      const receipt = await (await as().setIslanded(1, false)).wait();
      expect(receipt?.gasUsed).to.be.lessThan(120_000n);
      const { islanded } = await rules(blockOf(slot(500 * 96)), 2);
      expect([...islanded]).to.deep.equal([GUARDS, GUARDS]);
    });

    it("agree with a plain model, and so do the times at which slots are overdue", async () => {
      const { world } = get();
      const clean = await world.networkHelpers.takeSnapshot();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 4 * SLOT_SECONDS }), { minLength: 1, maxLength: 12 }),
          async (pauses) => {
            await clean.restore();
            const slots = new Set<number>();
            const endOf = new Map<number, number>();
            let [time, since] = [START + 60, 0];
            let on = false;
            for (const pause of pauses) {
              time += pause;
              await at(time);
              await as().setIslanded(1, !on);
              const now = Math.floor((time - START) / SLOT_SECONDS);
              if (!on) since = now;
              else {
                for (const each of run(since, now)) {
                  if (!endOf.has(each)) endOf.set(each, time);
                  slots.add(each);
                }
              }
              on = !on;
            }
            if (on) for (const each of run(since, 63)) slots.add(each);
            expect(await islandedIn(8)).to.deep.equal([...slots].sort((a, b) => a - b));
            for (const each of [0, 1, 2, 3, 5, 8, 13, 21, 40]) {
              const end = START + (each + 1) * SLOT_SECONDS;
              const ended = endOf.get(each);
              const lasts = slots.has(each) && ended === undefined;
              expect(await as().overdueAt(1, slot(each))).to.equal(
                lasts ? NOT_YET : BigInt(Math.max(end, ended ?? 0) + DEADLINE),
              );
            }
          },
        ),
        runs(15),
      );
    }).timeout(PATIENCE_MS);
  });

  describe("declared islands", () => {
    it("cover past slots, for those who ask for them", async () => {
      const { world } = get();
      await at(START + 20 * SLOT_SECONDS);
      await expect(as().declareIslanded(1, slot(5), slot(12)))
        .to.emit(world.microgrids, "IslandDeclared")
        .withArgs(1, slot(5), slot(12));
      expect(await islandedIn(3)).to.deep.equal([]);
      expect(await islandedIn(3, true)).to.deep.equal(run(5, 12));
      await as().declareIslanded(1, slot(12), slot(15));
      expect(await islandedIn(3, true)).to.deep.equal(run(5, 15));
      expect((await as().termsOf(1)).plain).to.equal(false);
    });

    it("reach over words of slots", async () => {
      const first = 256 - (START_SLOT % 256);
      await at(START + (first + 50) * SLOT_SECONDS);
      await as().declareIslanded(1, slot(first - 40), slot(first + 40));
      expect(await islandedIn((first + 48) / 8, true)).to.deep.equal(run(first - 40, first + 40));
    });

    it("have ended, and their deadline lies ahead", async () => {
      const deadlineOf = (number: number) => START + (number + 1) * SLOT_SECONDS + DEADLINE;
      const declare = (from: number, to: number) => as().declareIslanded(1, slot(from), slot(to));
      await at(deadlineOf(5));
      await refused(declare(5, 8), "Microgrids_BadDeclaration", slot(5), slot(8));
      await at(deadlineOf(6) - 1);
      await declare(6, 8);
      const now = 6 + 1 + 96;
      await refused(declare(now - 1, now), "Microgrids_BadDeclaration");
      await refused(declare(9, 8), "Microgrids_BadDeclaration", slot(9), slot(8));
      await refused(declare(9, 2 ** 31), "Microgrids_BadDeclaration");
    });
  });

  describe("a slot without a reading is overdue", () => {
    const end = (number: number) => START + (number + 1) * SLOT_SECONDS;
    const overdue = (number: number) => as().overdueAt(1, slot(number));

    it("the reporting deadline after its end", async () => {
      expect(await overdue(0)).to.equal(BigInt(end(0) + DEADLINE));
    });

    it("the deadline after its island's end, or after its own where that comes later", async () => {
      await as().setIslanded(1, true);
      const ended = end(40) + 100;
      await at(ended);
      await as().setIslanded(1, false);
      expect(await overdue(3)).to.equal(BigInt(ended + DEADLINE));
      expect(await overdue(41)).to.equal(BigInt(end(41) + DEADLINE));
      expect(await overdue(42)).to.equal(BigInt(end(42) + DEADLINE));
    });

    it("30 days after its end at the latest, however long the island lasts", async () => {
      const { world } = get();
      await as().setIslanded(1, true);
      expect(await overdue(2)).to.equal(NOT_YET);
      await world.passTo(end(2) + 30 * DAY - 1);
      expect(await overdue(2)).to.equal(NOT_YET);
      await world.passTo(end(2) + 30 * DAY);
      expect(await overdue(2)).to.equal(BigInt(end(2) + 30 * DAY));
      expect(await overdue(3)).to.equal(NOT_YET);
      await as().setIslanded(1, false);
      expect(await overdue(2)).to.equal(BigInt(end(2) + 30 * DAY));
    });

    it("30 days after its end when it was declared islanded", async () => {
      await at(end(4));
      await as().declareIslanded(1, slot(4), slot(4));
      expect(await overdue(4)).to.equal(BigInt(end(4) + 30 * DAY));
      expect(await overdue(5)).to.equal(BigInt(end(5) + DEADLINE));
    });
  });

  it("closes for slots that start later, and opens again", async () => {
    const { world } = get();
    await at(START + 5 * SLOT_SECONDS);
    await expect(as().setClosed(1, true))
      .to.emit(world.microgrids, "ClosedFrom")
      .withArgs(1, slot(6));
    expect((await rules(0, 0)).closedFrom).to.equal(BigInt(slot(6)));
    expect((await as().microgridOf(1)).closed).to.equal(true);
    await refused(as().setClosed(1, true), "Microgrids_NothingChanges", 1);
    await as().setClosed(1, false);
    expect((await rules(0, 0)).closedFrom).to.equal(NEVER);
    await refused(as().setClosed(1, false), "Microgrids_NothingChanges", 1);
    expect((await as().termsOf(1)).plain).to.equal(false);
  });

  it("rations from the next slot on, and remembers what held before", async () => {
    const { world } = get();
    await at(START + 5 * SLOT_SECONDS);
    await expect(as().setRation(1, 100))
      .to.emit(world.microgrids, "RationSet")
      .withArgs(1, slot(6), 100);
    expect((await as().microgridOf(1)).ration).to.equal(250n);
    await as().setRation(1, 120);
    await at(START + 9 * SLOT_SECONDS);
    await as().setRation(1, 0);
    const rations = [0, 5, 6, 9, 10, 5_000].map((number) => as().rationOf(1, slot(number)));
    expect(await Promise.all(rations)).to.deep.equal([250n, 250n, 120n, 120n, 0n, 0n]);
    expect((await as().microgridOf(1)).ration).to.equal(120n);
  });

  it("lets nobody but the operator change anything, and knows only what was founded", async () => {
    const { world, stranger } = get();
    const line = { lossBps: 0, capacity: 1, wheelingUp: 0n, wheelingDown: 0n };
    const acts = (by: Person, microgrid: number) => [
      as(by).schedule(microgrid, slot(10_000), 0, [level()]),
      as(by).setRation(microgrid, 1),
      as(by).setDso(microgrid, stranger.address),
      as(by).setIslanded(microgrid, true),
      as(by).declareIslanded(microgrid, slot(0), slot(0)),
      as(by).setClosed(microgrid, true),
      as(by).handOver(microgrid, stranger.address),
      as(by).proposeTieLine(microgrid, 1, line),
      as(by).endTieLine(microgrid, 1),
    ];
    for (const attempt of acts(stranger, 1)) {
      await refused(attempt, "Microgrids_NotOperator", 1, stranger.address, world.operator.address);
    }
    for (const unknown of [0, 2, 2 ** 24 + 1, 2 ** 32 - 1]) {
      for (const attempt of acts(world.operator, unknown)) {
        await refused(attempt, "Microgrids_Unknown", unknown);
      }
      for (const view of [
        as().microgridOf(unknown),
        as().termsOf(unknown),
        as().rationOf(unknown, 0),
        as().overdueAt(unknown, 0),
        as().operatorOf(unknown),
        as().dsoOf(unknown),
      ]) {
        await refused(view, "Microgrids_Unknown", unknown);
      }
    }
  });

  it("hands the operator's role over in two steps", async () => {
    const { world, stranger, successor } = get();
    await as().handOver(1, stranger.address);
    await expect(as().handOver(1, successor.address))
      .to.emit(as(), "HandOverOffered")
      .withArgs(1, world.operator.address, successor.address);
    await refused(
      as(stranger).acceptHandOver(1),
      "Microgrids_NotSuccessor",
      1,
      stranger.address,
      successor.address,
    );
    expect(await as().operatorOf(1)).to.equal(world.operator.address);
    expect((await as().microgridOf(1)).pendingOperator).to.equal(successor.address);
    await as(successor).acceptHandOver(1);
    expect(await as().operatorOf(1)).to.equal(successor.address);
    await refused(as().setRation(1, 1), "Microgrids_NotOperator");
    await refused(as(successor).acceptHandOver(1), "Microgrids_NotSuccessor");
    await as(successor).setDso(1, stranger.address);
    expect(await as().dsoOf(1)).to.equal(stranger.address);
    await refused(as(successor).setDso(1, zeroAddress), "Microgrids_BadDso");
  });

  describe("tie lines", () => {
    const line = (over: Partial<TieLine> = {}): TieLine => ({
      lossBps: 300,
      capacity: 1_000,
      wheelingUp: 7n,
      wheelingDown: 9n,
      ...over,
    });
    const crossing = async (from: number, to: number) => valuesOf(await as().crossingOf(from, to));
    /** Microgrid 2 is the successor's. */
    const pair = async () => {
      const { world, successor } = get();
      await as(successor).found(world.charter, 0, [level()], world.dso.address, 250);
    };
    const agree = async (terms: TieLine) => {
      await as().proposeTieLine(1, 2, terms);
      await as(get().successor).proposeTieLine(2, 1, terms);
    };
    beforeEach(pair);

    it("need both operators and the same terms, and are then in force at once", async () => {
      const { successor } = get();
      await as().proposeTieLine(1, 2, line());
      await refused(as().crossingOf(1, 2), "Microgrids_NoTieLine", 1, 2);
      await as(successor).proposeTieLine(2, 1, line({ capacity: 999 }));
      await as().proposeTieLine(1, 2, line());
      await refused(as().crossingOf(1, 2), "Microgrids_NoTieLine", 1, 2);
      await as(successor).proposeTieLine(2, 1, line());
      expect(await crossing(1, 2)).to.deep.equal([300n, 1_000n, 7n]);
      expect(await crossing(2, 1)).to.deep.equal([300n, 1_000n, 9n]);
    });

    it("change after seven days, to the second", async () => {
      const { world, successor } = get();
      await agree(line());
      await as().proposeTieLine(1, 2, line({ capacity: 5 }));
      const agreed = START + DAY;
      await at(agreed);
      await as(successor).proposeTieLine(2, 1, line({ capacity: 5 }));
      await world.passTo(agreed + 7 * DAY - 1);
      expect((await as().crossingOf(1, 2)).capacity).to.equal(1_000n);
      await world.passTo(agreed + 7 * DAY);
      expect((await as().crossingOf(1, 2)).capacity).to.equal(5n);
    });

    it("join two microgrids that share currency and slot length, and lose less than all", async () => {
      const { world } = get();
      await as().found({ ...world.charter, slotSeconds: 300 }, 0, [level()], world.dso.address, 1);
      await refused(as().proposeTieLine(1, 3, line()), "Microgrids_TieLineMismatch", 1, 3);
      await refused(as().proposeTieLine(1, 1, line()), "Microgrids_BadTieLine");
      await refused(as().proposeTieLine(1, 2, line({ lossBps: 10_000 })), "Microgrids_BadTieLine");
      await refused(
        as().proposeTieLine(1, 2, line({ capacity: 2 ** 31 })),
        "Microgrids_BadTieLine",
      );
      await refused(as().proposeTieLine(1, 9, line()), "Microgrids_Unknown", 9);
    });

    it("are ended by one side, after seven days", async () => {
      const { world, successor } = get();
      await refused(as().endTieLine(1, 2), "Microgrids_NoTieLine", 1, 2);
      await agree(line());
      const time = START + DAY;
      await at(time);
      await expect(as(successor).endTieLine(2, 1))
        .to.emit(world.microgrids, "TieLineEnded")
        .withArgs(1, 2, 2, time + 7 * DAY);
      await world.passTo(time + 7 * DAY - 1);
      expect((await as().crossingOf(1, 2)).capacity).to.equal(1_000n);
      await world.passTo(time + 7 * DAY);
      expect((await as().crossingOf(1, 2)).capacity).to.equal(0n);
      await refused(as().endTieLine(1, 2), "Microgrids_NothingChanges", 1);
      await agree(line());
      await world.passTo(time + 15 * DAY);
      expect((await as().crossingOf(1, 2)).capacity).to.equal(1_000n);
    });
  });
});

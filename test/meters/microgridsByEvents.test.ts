import {
  type ChainLog,
  communityOf,
  crossingOf,
  decodeLog,
  levelFor,
  Microgrids,
  overdueAtSeconds,
  rationWhIn,
  scheduleFor,
  slotStart,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { getAddress } from "viem";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { hex } from "../support/signatures.ts";
import { createWorld, DAY, LEVEL, SLOT_SECONDS, START, type World } from "../support/world.ts";

/*
 * What the sdk reads from events is what the contract answers by its views, for every slot: whatever operators do, in any order.
 */

const WEEK = 7 * DAY;

type Deed =
  | { readonly kind: "pass"; readonly seconds: number }
  | { readonly kind: "island" | "close"; readonly on: boolean }
  | { readonly kind: "declare"; readonly from: number; readonly count: number }
  | { readonly kind: "ration"; readonly wh: number }
  | { readonly kind: "schedule"; readonly days: number; readonly price: bigint }
  | { readonly kind: "line"; readonly lossBps: number }
  | { readonly kind: "endLine" };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 3 * DAY }) }),
  fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ kind: fc.constantFrom("island" as const, "close" as const), on: fc.boolean() }),
  fc.record({
    kind: fc.constant("declare" as const),
    from: fc.integer({ min: 1, max: 90 }),
    count: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ kind: fc.constant("ration" as const), wh: fc.integer({ min: 0, max: 1_000 }) }),
  fc.record({
    kind: fc.constant("schedule" as const),
    days: fc.integer({ min: 7, max: 12 }),
    price: fc.bigInt(100_000n, 300_000n),
  }),
  fc.record({ kind: fc.constant("line" as const), lossBps: fc.integer({ min: 0, max: 500 }) }),
  fc.record({ kind: fc.constant("endLine" as const) }),
);

describe("Microgrids by their events", () => {
  let world: World;
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    await world.found();
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  after(() => world.close());

  it("are what the contract says of every slot", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 15 }), async (deeds) => {
        await snapshot.restore();
        for (const each of deeds) await attempt(world, each);
        await compare(world);
      }),
      runs(25),
    );
  }).timeout(PATIENCE_MS);
});

/** Does it, unless the contract refuses. */
async function attempt(world: World, each: Deed): Promise<void> {
  const grids = world.microgrids.connect(world.operator.signer);
  const now = await world.networkHelpers.time.latest();
  const slot = Math.floor(now / SLOT_SECONDS);
  const deeds = {
    pass: () => world.networkHelpers.time.increase("seconds" in each ? each.seconds : 1),
    island: () => grids.setIslanded(1, "on" in each && each.on),
    close: () => grids.setClosed(1, "on" in each && each.on),
    declare: () => {
      const { from, count } = "from" in each ? each : { from: 1, count: 1 };
      return grids.declareIslanded(1, slot - from, Math.min(slot - from + count, slot) - 1);
    },
    ration: () => grids.setRation(1, "wh" in each ? each.wh : 0),
    schedule: () => {
      const { days, price } = "days" in each ? each : { days: 7, price: 100_000n };
      const levels = [LEVEL, { ...LEVEL, price }];
      return grids.schedule(1, slot + (days * DAY) / SLOT_SECONDS, 0b0101_0001, levels);
    },
    line: () => world.join(1, 2, { lossBps: "lossBps" in each ? each.lossBps : 0 }),
    endLine: () => grids.endTieLine(2, 1),
  };
  await deeds[each.kind]().catch((error: unknown) => {
    if (!/Microgrids_/.test(String(error))) throw error;
  });
}

async function compare(world: World): Promise<void> {
  const { microgrids, ethers, networkHelpers } = world;
  const now = await networkHelpers.time.latest();
  const seen = new Microgrids();
  const address = getAddress(await microgrids.getAddress());
  const contracts = { marketplace: ZERO, meters: ZERO, energy: ZERO, microgrids: address } as const;
  for (const log of await ethers.provider.getLogs({ address, fromBlock: 0 })) {
    const event = decodeLog(contracts, {
      address,
      topics: log.topics.map(hex),
      data: hex(log.data),
      logIndex: log.index,
    } satisfies ChainLog);
    const block = await ethers.provider.getBlock(log.blockNumber);
    if (event !== undefined) seen.add(event, block?.timestamp ?? 0);
  }
  const known = seen.known(1);
  expect(known.schedules.length).to.equal(Number((await microgrids.microgridOf(1)).schedules));
  const first = Math.floor((START - 3600) / SLOT_SECONDS) - 100;
  const last = Math.floor((now + 2 * WEEK) / SLOT_SECONDS);
  for (let slot = first; slot <= last; slot += 37) {
    const schedule = scheduleFor(known, slot);
    const { firstSlot, endSlot } = await microgrids.scheduleOf(1, schedule);
    expect(firstSlot <= slot && slot < endSlot, `schedule of ${slot}`).to.equal(true);
    expect(rationWhIn(known, slot)).to.equal(BigInt(await microgrids.rationOf(1, slot)));
    const overdue = Number(await microgrids.overdueAt(1, slot));
    expect(overdueAtSeconds(known, slot, now) ?? NOT_YET, `overdue ${slot}`).to.equal(overdue);
    for (const isLocked of [false, true]) {
      const block = Math.floor(slot / 8);
      const rules = await microgrids.rulesOf(1, schedule, block, 1, isLocked);
      const community = communityOf(known, schedule, isLocked);
      const islanded = (BigInt(rules.islanded[0] ?? 0n) >> BigInt(32 * (slot % 8) + 31)) & 1n;
      expect(community.isIslanded(slot), `island of ${slot}`).to.equal(islanded === 1n);
      expect(community.closedFrom ?? NEVER).to.equal(Number(rules.closedFrom));
      const hour = Math.floor(slotStart(slot, SLOT_SECONDS) / 3600) % 24;
      const level = Number((BigInt(rules.levelOfHour) >> BigInt(2 * hour)) & 3n);
      expect(levelFor(known, slot).pricePerKwh).to.equal(rules.prices[level]);
    }
  }
  const line = seen.lineBetween(2, 1);
  for (const [from, to] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const expected = await microgrids.crossingOf(from, to).catch(() => undefined);
    const found = line && crossingOf(line, from, now);
    expect(found?.lossBps).to.equal(expected?.lossBps);
    expect(found?.capacityWh).to.equal(expected?.capacity);
    expect(found?.wheelingPerKwh).to.equal(expected?.wheeling);
  }
}

const NEVER = 2 ** 32 - 1;
const NOT_YET = 2 ** 40 - 1;
const ZERO = "0x0000000000000000000000000000000000000000";

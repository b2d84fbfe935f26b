/**
 * What the market's calls cost, in gas of the whole transaction. Warm: the same households have traded the same slots
 * before, so that no storage word is fresh.
 * Run by: hardhat run next/bench/gas.ts --config next/hardhat.config.ts
 */
import {
  createWorld,
  DAY,
  type MeterOf,
  type Pairing,
  SLOT_SECONDS,
  START_SLOT,
  slots,
  type World,
} from "../test/support/world.ts";

interface Row {
  readonly name: string;
  readonly gas: bigint;
  readonly most: number;
  readonly per?: number;
}

const WH = 250n;
const rows: Row[] = [];

const gasOf = async (sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) =>
  (await (await sent).wait())?.gasUsed ?? 0n;

async function home(world: World, name: string, count: number): Promise<MeterOf> {
  const meter = await world.meter(await world.person(name));
  await world.fund(meter.owner);
  if (count !== 0) await world.report(meter, slots(0, count, 8n * WH));
  return meter;
}

async function accepts(count: number, most: number): Promise<void> {
  const world = await createWorld();
  const [seller, buyer] = [await home(world, "seller", 0), await home(world, "buyer", 0)];
  await world.passSlots(96);
  await world.report(seller, slots(0, count, 8n * WH));
  for (const state of ["cold", "warm"]) {
    const offered = await world.offer(seller, {
      energy: count * Number(WH),
      mostAhead: 0,
      nonce: state === "cold" ? 0n : 1n,
    });
    const gas = await gasOf(world.accept(buyer.owner, offered, slots(0, count, WH)));
    if (state === "warm")
      rows.push({ name: `accept, ${count} slots, warm`, gas, most, per: count === 96 ? 96 : 1 });
  }
  await world.close();
}

async function settles(pairs: number, count: number, most: number, per: number): Promise<void> {
  const world = await createWorld();
  const sellers: MeterOf[] = [];
  const buyers: MeterOf[] = [];
  for (let i = 0; i < pairs; i++) {
    sellers.push(await home(world, `seller ${i}`, 0));
    buyers.push(await home(world, `buyer ${i}`, 0));
  }
  await world.passSlots(96);
  for (const seller of sellers) await world.report(seller, slots(0, count, 8n * WH));
  const auctioneer = await world.person("auctioneer");
  for (const nonce of [0n, 1n]) {
    const pairings: Pairing[] = [];
    for (const [i, seller] of sellers.entries()) {
      const buyer = buyers[i];
      if (buyer === undefined) continue;
      const energy = count * Number(WH);
      pairings.push({
        offer: await world.limitOffer(seller, 100_000n, { energy, nonce, mostAhead: 0 }),
        bid: await world.limitBid(buyer, 300_000n, { energy, nonce, mostAhead: 0 }),
        energyWh: slots(0, count, WH),
      });
    }
    const gas = await gasOf(world.settle(auctioneer, pairings));
    if (nonce === 1n) {
      rows.push({ name: `settle, ${pairs} pairs of ${count} slots, warm, each`, gas, most, per });
    }
  }
  await world.close();
}

async function forwards(state: "cold" | "warm"): Promise<void> {
  const world = await createWorld();
  const [seller, buyer] = [await home(world, "seller", 0), await home(world, "buyer", 0)];
  const wh = slots(8, 8, WH);
  for (const nonce of state === "cold" ? [0n] : [0n, 1n]) {
    const offered = await world.offer(seller, { forward: true, bond: 50_000n, nonce });
    const sent = world.reserve(buyer.owner, offered, wh);
    const gas = await gasOf(sent);
    const [position] = await world.positionsOf(sent);
    if (position === undefined) throw new Error("Nothing was reserved.");
    if ((nonce === 1n) === (state === "warm")) {
      rows.push({ name: `reserve, 8 slots, ${state}`, gas, most: state === "cold" ? 126_000 : 0 });
      await world.passTo((START_SLOT + 96) * SLOT_SECONDS + DAY);
      await world.report(seller, slots(8, 8, 4n * WH));
      const release = { position, blocks: 1n };
      const releaseGas = await gasOf(
        world.marketplace.connect(buyer.owner.signer).release([release]),
      );
      rows.push({
        name: `release, 8 slots, ${state}`,
        gas: releaseGas,
        most: state === "cold" ? 97_000 : 0,
      });
    }
  }
  await world.close();
}

/** Another meter of the home has reported the same slots, and this one its first, so that no word is fresh. */
async function reports(most: number): Promise<void> {
  const world = await createWorld();
  const owner = await world.person("owner");
  const [one, other] = [await world.meter(owner), await world.meter(owner)];
  // Slots share their flags in groups of 256: a block into one.
  const first = 256 - (START_SLOT % 256) + 8;
  await world.passSlots(first + 48);
  await world.report(one, slots(first, 48, WH));
  await world.report(other, slots(first - 1, 1, 0n));
  const gas = await gasOf(world.report(other, slots(first, 48, WH)));
  rows.push({ name: "report, 48 slots, warm", gas, most });
  await world.close();
}

await reports(129_126);
await accepts(1, 81_500);
await accepts(8, 87_000);
await accepts(96, 2_850);
await settles(20, 8, 8_800, 160);
await settles(50, 1, 64_000, 50);
await forwards("cold");
await forwards("warm");
for (const { name, gas, most, per = 1 } of rows) {
  const each = gas / BigInt(per);
  console.log(
    `${name}: ${each}${most === 0 ? "" : `, at most ${most}${each > most ? ": exceeded" : ""}`}`,
  );
}

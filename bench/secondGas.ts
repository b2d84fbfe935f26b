/**
 * What the market's calls cost, in gas of the whole transaction, by the same cases as bench/ has for the first edition.
 * Warm: the same households have traded the same slots before, so that no storage word is fresh. A forward is reserved by
 * two who have traded one in the next block before; cold, its own block is new to both.
 * The second figure is Ethereum's coming floor for calldata (EIP-7976): 21,000 and 64 gas a byte, zeros included. What a
 * transaction pays is the higher of the two.
 * Run by: hardhat run next/bench/gas.ts --config next/hardhat.config.ts
 */
import { size } from "viem";
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

interface Cost {
  readonly gas: bigint;
  readonly calldataBytes: number;
}

interface Row extends Cost {
  readonly name: string;
  /** The aim; none where it is undefined. */
  readonly most?: number | undefined;
  /** How many slots, or pairs, it is counted for. */
  readonly per?: number;
}

type Sent = Promise<{ data: string; wait(): Promise<{ gasUsed: bigint } | null> }>;

const WH = 250n;
const TRANSACTION_GAS = 21_000;
const FLOOR_GAS_PER_BYTE = 64;
const rows: Row[] = [];

async function costOf(sent: Sent): Promise<Cost> {
  const transaction = await sent;
  const receipt = await transaction.wait();
  if (receipt === null) throw new Error("The transaction was not mined.");
  return { gas: receipt.gasUsed, calldataBytes: size(transaction.data as `0x${string}`) };
}

async function home(world: World, name: string): Promise<MeterOf> {
  const meter = await world.meter(await world.person(name));
  await world.fund(meter.owner);
  return meter;
}

async function accepts(count: number, most: number): Promise<void> {
  const world = await createWorld();
  const [seller, buyer] = [await home(world, "seller"), await home(world, "buyer")];
  await world.passSlots(96);
  await world.report(seller, slots(0, count, 8n * WH));
  const accept = async (nonce: bigint) => {
    const offered = await world.offer(seller, { energy: count * Number(WH), mostAhead: 0, nonce });
    return costOf(world.accept(buyer.owner, offered, slots(0, count, WH)));
  };
  await accept(0n);
  rows.push({
    name: `accept, ${count} slots, warm`,
    ...(await accept(1n)),
    most,
    per: count === 96 ? 96 : 1,
  });
  await world.close();
}

async function settles(pairs: number, count: number, most: number, per: number): Promise<void> {
  const world = await createWorld();
  const sellers: MeterOf[] = [];
  const buyers: MeterOf[] = [];
  for (let i = 0; i < pairs; i++) {
    sellers.push(await home(world, `seller ${i}`));
    buyers.push(await home(world, `buyer ${i}`));
  }
  await world.passSlots(96);
  for (const seller of sellers) await world.report(seller, slots(0, count, 8n * WH));
  const auctioneer = await world.person("auctioneer");
  const settle = async (nonce: bigint) => {
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
    return costOf(world.settle(auctioneer, pairings));
  };
  await settle(0n);
  rows.push({
    name: `settle, ${pairs} pairs of ${count} slots, warm, each`,
    ...(await settle(1n)),
    most,
    per,
  });
  await world.close();
}

async function forwards(state: "first ever" | "cold", most?: number, releaseMost?: number) {
  const world = await createWorld();
  const [seller, buyer] = [await home(world, "seller"), await home(world, "buyer")];
  const anyone = await world.person("anyone");
  const reserve = async (nonce: bigint, first: number) => {
    const offered = await world.offer(seller, { forward: true, bond: 50_000n, nonce });
    return world.reserve(buyer.owner, offered, slots(first, 8, WH));
  };
  if (state === "cold") await reserve(0n, 16);
  const sent = reserve(2n, 8);
  rows.push({ name: `reserve, 8 slots, ${state}`, ...(await costOf(sent)), most });
  const [position] = await world.positionsOf(sent);
  if (position === undefined) throw new Error("Nothing was reserved.");
  await world.passTo((START_SLOT + 96) * SLOT_SECONDS + DAY);
  await world.report(seller, slots(8, 8, 2n * WH));
  rows.push({
    name: `release, 8 slots, ${state}`,
    ...(await costOf(world.marketplace.connect(anyone.signer).release([{ position, blocks: 1n }]))),
    most: releaseMost,
  });
  await world.close();
}

/** Another meter of the home has reported the same slots, and this one its first, so that no word is fresh. */
async function reports(count: number, most: number): Promise<void> {
  const world = await createWorld();
  const owner = await world.person("owner");
  const [one, other] = [await world.meter(owner), await world.meter(owner)];
  // Slots share their flags in groups of 256: a block into one.
  const first = 256 - (START_SLOT % 256) + 8;
  await world.passSlots(first + count);
  await world.report(one, slots(first, count, WH));
  await world.report(other, slots(first - 1, 1, 0n));
  rows.push({
    name: `report, ${count} slots, warm`,
    ...(await costOf(world.report(other, slots(first, count, WH)))),
    most,
  });
  await world.close();
}

await accepts(1, 81_500);
await accepts(8, 87_000);
await accepts(96, 2_850);
await settles(20, 8, 8_800, 160);
await settles(50, 1, 64_000, 50);
await forwards("cold", 126_000, 97_000);
await forwards("first ever");
await reports(48, 129_126);
for (const { name, gas, calldataBytes, most, per = 1 } of rows) {
  const each = gas / BigInt(per);
  const floor = Math.floor((TRANSACTION_GAS + FLOOR_GAS_PER_BYTE * calldataBytes) / per);
  const aim = most === undefined ? "" : `, at most ${most}${each > most ? ": exceeded" : ""}`;
  console.log(`${name}: ${each}, calldata floor ${floor}${aim}`);
}

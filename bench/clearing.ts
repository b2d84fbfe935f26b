/** `npm run bench:clearing`: the time of a clearing, from a thousand orders to a million. */
import { availableParallelism, loadavg } from "node:os";
import type { Source } from "@wattline/sdk";
import { type CommunityBook, clearCommunity, type LimitOrder } from "@wattline/sdk";

const USAGE = `npm run bench:clearing -- [options]

  --most N   orders of the largest book (default 1000000)
  --help     this text

Books of 96 slots: half offers, half bids, ten orders a household, buyers short of energy, limits on both sides of the
community price. Time is from the orders as objects to the matches as objects, the best of three.`;

const [SLOTS, FIRST_SLOT, ORDERS_PER_HOUSEHOLD, ROUNDS] = [96, 1_980_000, 10, 3];
const GOAL = { orders: 1_000_000, milliseconds: 1_000 };
const PRICE_PER_KWH = 200_000n;

/** How many slots an order covers, and its sources. */
interface Shape {
  readonly name: string;
  readonly slotsPerOrder: number;
  readonly sources: readonly Source[];
}

const SHAPES: readonly Shape[] = [
  { name: "one slot an order, one source", slotsPerOrder: 1, sources: ["Solar"] },
  { name: "8 slots an order, one source", slotsPerOrder: 8, sources: ["Solar"] },
  {
    name: "8 slots an order, three sources",
    slotsPerOrder: 8,
    sources: ["Solar", "Wind", "Storage"],
  },
  { name: "all 96 slots an order, one source", slotsPerOrder: SLOTS, sources: ["Solar"] },
];

if (process.argv.includes("--help")) console.log(USAGE);
else run(mostOrders());

function mostOrders(): number {
  const at = process.argv.indexOf("--most");
  const number = at < 0 ? GOAL.orders : Number(process.argv[at + 1]);
  if (Number.isSafeInteger(number) && number >= 1_000) return number;
  throw new Error("--most must be a whole number from 1000 on.");
}

function run(most: number): void {
  const date = new Date().toISOString().slice(0, 10);
  const load = loadavg()[0]?.toFixed(1);
  console.log(`${date}, ${availableParallelism()} cores, load ${load} before the start`);
  for (const shape of SHAPES) {
    console.log(`\n${shape.name}`);
    for (let count = 1_000; count <= most; count *= 10) measure(shape, count);
  }
}

function measure(shape: Shape, count: number): void {
  const book = bookOf(shape, count);
  let [best, busy, matches] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    matches = clearCommunity(book).length;
    const { user, system } = process.cpuUsage(cpu);
    best = Math.min(best, performance.now() - start);
    busy = Math.min(busy, (user + system) / 1000);
  }
  const verdict =
    count !== GOAL.orders
      ? ""
      : best < GOAL.milliseconds
        ? "; goal 1 s: reached"
        : "; goal 1 s: NOT reached";
  const figures = [count, Math.round(best), Math.round(busy), matches].map((figure) =>
    figure.toLocaleString("en").padStart(9),
  );
  console.log(
    `${figures[0]} orders: ${figures[1]} ms (processor ${figures[2]} ms), ${figures[3]} matches${verdict}`,
  );
}

function bookOf({ slotsPerOrder, sources }: Shape, count: number): CommunityBook {
  const random = randomNumbers(count + slotsPerOrder);
  const homes = Math.ceil(count / ORDERS_PER_HOUSEHOLD);
  const makers = Array.from(
    { length: homes },
    () =>
      `0x${Array.from({ length: 5 }, () =>
        random(2 ** 32)
          .toString(16)
          .padStart(8, "0"),
      ).join("")}`,
  );
  const orders = Array.from({ length: count }, (_, index): LimitOrder => {
    const isBid = index % 2 === 1;
    // Neighbouring pairs are of different homes, so that most homes are on both sides in different slots.
    const maker = makers[index % homes] ?? "";
    const firstSlot = FIRST_SLOT + random(SLOTS - slotsPerOrder + 1);
    return {
      maker,
      nonce: BigInt(Math.floor(index / homes)),
      side: isBid ? "bid" : "offer",
      sources: isBid ? sources : [sources[random(sources.length)] ?? "Solar"],
      firstSlot,
      lastSlot: firstSlot + slotsPerOrder - 1,
      leftWh: BigInt((isBid ? 200 : 100) + random(2_000)),
      pricePerKwh: PRICE_PER_KWH + BigInt(random(100_000) - (isBid ? 20_000 : 80_000)),
    };
  });
  const slots = Array.from({ length: SLOTS }, (_, index) => ({
    slot: FIRST_SLOT + index,
    pricePerKwh: PRICE_PER_KWH,
    networkFeePerKwh: 5_000n,
  }));
  return { orders, slots };
}

/** Whole numbers below a bound, the same in every run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

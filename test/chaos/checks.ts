import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { createPublicClient, erc20Abi, http } from "viem";
import { until } from "../../scripts/testing/until.ts";
import { promiseKey, slotsOf } from "../../services/auctioneer/src/island/book.ts";
import { reportedKey } from "../../services/auctioneer/src/island/readings.ts";
import { type Settled, SettledReader } from "../../services/auctioneer/src/island/settled.ts";
import { connectIndexer } from "../../services/indexer/client/index.ts";
import { confirmableAt, expectAsOnChain } from "../../services/indexer/test/support/chainState.ts";
import { bookOf } from "../../services/relay/test/support/relays.ts";
import { at } from "./faults/fault.ts";
import { bookOfPromises } from "./promises.ts";
import { RELAYS, type Stage } from "./stage.ts";

const PATIENCE_MS = 180_000;
const run = promisify(execFile);
const sumOf = (values: Iterable<bigint>): bigint =>
  [...values].reduce((sum, each) => sum + each, 0n);

/** What has come of a play. */
export interface Outcome {
  readonly promises: number;
  readonly promisedWh: bigint;
  readonly failedWh: bigint;
  readonly reportedWh: bigint;
  readonly tradedWh: bigint;
  /** Traded without having been promised. */
  readonly clearedWh: bigint;
  /** How many slots had trades that were not promised. */
  readonly clearedSlots: number;
  /** Live in both books. */
  readonly orders: number;
}

/** @throws AssertionError that says what does not agree. */
export async function checkAll(stage: Stage): Promise<Outcome> {
  const settled = await readSettled(stage);
  const promised = everyPromiseIsSettledOrNamed(stage, settled);
  everyReadingIsOnTheChain(stage, settled);
  const orders = await bothRelaysHaveTheSameBook(stage);
  const accounts = await theIndexerAgreesWithTheChain(stage);
  noEnergyIsMissing(settled, accounts.heldWh);
  await noMoneyIsMissing(stage, accounts.millis);
  await theAuditPasses(stage);
  return {
    ...promised,
    ...clearedOf(stage, settled),
    orders,
    reportedWh: sumOf(settled.reportedWh.values()),
    tradedWh: sumOf(settled.tradedWh.values()),
  };
}

/** What the chain has, read by itself. */
export async function readSettled({ world }: Pick<Stage, "world">): Promise<Settled> {
  const { deployment, rpcUrl, client } = world;
  const asked = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  const { number, hash } = await client.getBlock();
  return new SettledReader(asked, deployment, deployment.fromBlock).at({
    number: Number(number),
    hash,
  });
}

/** Also what was settled before a reorganisation took it back. */
function everyPromiseIsSettledOrNamed(
  { promisesFolder }: Stage,
  { tradedWh }: Settled,
): Pick<Outcome, "promises" | "promisedWh" | "failedWh"> {
  const all = bookOfPromises(promisesFolder).flatMap(({ name, book }) =>
    [...book.promises].map((promise) => ({ name, promise, key: promiseKey(promise) })),
  );
  const open = [...Map.groupBy(all, ({ key }) => key)].flatMap(([key, same]) => {
    const wantedWh = sumOf(same.map(({ promise }) => promise.energyWh - promise.failedWh));
    const missingWh = wantedWh - (tradedWh.get(key) ?? 0n);
    return missingWh > 0n ? [`${same[0]?.name}: ${missingWh} Wh of ${key}`] : [];
  });
  expect(open, "promises that are neither settled nor named").to.deep.equal([]);
  return {
    promises: all.length,
    promisedWh: sumOf(all.map(({ promise }) => promise.energyWh)),
    failedWh: sumOf(all.map(({ promise }) => promise.failedWh)),
  };
}

/** What was traded of orders that were promised nothing. */
function clearedOf(
  { promisesFolder }: Stage,
  { tradedWh }: Settled,
): Pick<Outcome, "clearedWh" | "clearedSlots"> {
  const promised = new Set(
    bookOfPromises(promisesFolder).flatMap(({ book }) => [...book.promises].map(promiseKey)),
  );
  const cleared = [...tradedWh].filter(([key]) => !promised.has(key));
  const slots = new Set(cleared.map(([key]) => key.split(" ").at(-1)));
  return { clearedWh: sumOf(cleared.map(([, wh]) => wh)), clearedSlots: slots.size };
}

/** What a device has signed first for a slot is what the chain has of it. */
function everyReadingIsOnTheChain({ promisesFolder }: Stage, { reportedWh }: Settled): void {
  const missing = bookOfPromises(promisesFolder).flatMap(({ name, book }) =>
    book.readings.flatMap((reading) =>
      [...slotsOf(reading)].flatMap(([slot, wh]) => {
        const found = reportedWh.get(reportedKey(reading.meter, slot));
        return found === wh
          ? []
          : [`${name}: ${reading.meter} slot ${slot}: ${wh} Wh handed over, ${found} on the chain`];
      }),
    ),
  );
  expect(missing, "readings that were handed over").to.deep.equal([]);
}

async function bothRelaysHaveTheSameBook({ relays }: Stage): Promise<number> {
  const [a, b] = RELAYS.map((name) => at(relays, name));
  if (a === undefined || b === undefined) throw new Error("There are two relays.");
  const read = async () => [await bookOf(a, "live"), await bookOf(b, "live")] as const;
  await until(
    "both relays have the same live orders",
    async () => {
      const [ours, theirs] = await read();
      return JSON.stringify([...ours]) === JSON.stringify([...theirs]);
    },
    PATIENCE_MS,
  ).catch(() => undefined);
  const [ours, theirs] = await read();
  expect(Object.fromEntries(ours), "the book of relay A").to.deep.equal(Object.fromEntries(theirs));
  return ours.size;
}

/** @returns What its accounts and balances come to: each is on the chain as it is here. */
async function theIndexerAgreesWithTheChain({
  world,
  indexerUrl,
}: Stage): Promise<{ readonly millis: bigint; readonly heldWh: bigint }> {
  const { number } = await world.client.getBlock();
  const { status } = connectIndexer(indexerUrl);
  await until(
    "the indexer is at the newest block",
    async () => (await status().catch(() => undefined))?.block === Number(number),
    PATIENCE_MS,
  );
  const known = await confirmableAt(indexerUrl);
  for (const name of ["meters", "balances", "accounts", "orders"] as const) {
    expect(known[name], name).not.to.be.empty;
  }
  await expectAsOnChain(world.deployment, world.rpcUrl, known);
  const holders = new Set(known.accounts.map(({ currency }) => currency.toLowerCase()));
  expect([...holders]).to.deep.equal([world.euro.toLowerCase()]);
  return {
    millis: sumOf(known.accounts.map(({ balanceMillis }) => balanceMillis)),
    heldWh: sumOf(known.balances.map(({ word }) => sumOfWord(word))),
  };
}

/** All Wh of a block: eight slots of 32 bits. */
const sumOfWord = (word: bigint): bigint =>
  sumOf(Array.from({ length: 8 }, (_, lane) => (word >> BigInt(32 * lane)) & 0xffff_ffffn));

/** Nothing is retired or lost on the way in this play: all that was reported is held by somebody. */
function noEnergyIsMissing({ reportedWh }: Settled, heldWh: bigint): void {
  expect(heldWh, "Wh held").to.equal(sumOf(reportedWh.values()));
}

async function noMoneyIsMissing({ world }: Stage, millis: bigint): Promise<void> {
  const held = await world.client.readContract({
    address: world.euro,
    abi: erc20Abi,
    functionName: "balanceOf",
    args: [world.deployment.marketplace],
  });
  expect(millis, "thousandths of a base unit in all accounts").to.equal(1_000n * held);
}

/** By the command that anybody runs. */
async function theAuditPasses({ world, folder, deploymentFile }: Stage): Promise<void> {
  await run(process.execPath, [
    ...["scripts/audit.ts", "--rpc", world.rpcUrl],
    ...["--deployment", deploymentFile, "--out", path.join(folder, "audit")],
  ]).catch((error: Error & { stdout?: string }) => {
    throw new Error(`The audit fails: ${error.stdout}${error.message}`);
  });
}

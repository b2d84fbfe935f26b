/** `npm run bench:audit`: the audit's speed over a history, and its memory. */
import { availableParallelism, loadavg } from "node:os";
import { startJudges } from "@wattline/audit/command";
import { recoverAddress } from "@wattline/common/recover";
import { type ChainBlock, createAudit, marketDomain, metersDomain } from "@wattline/sdk";
import { CHAIN_ID, CONTRACTS, eventsIn, historyOf } from "./audit/history.ts";
import { costOfChain } from "./audit/node.ts";

const USAGE = `npm run bench:audit -- [options]

  --events N   events of the history without signatures (default 100000)
  --signed N   readings and orders of the history with signatures (default 8000)
  --memory     a million events instead, and what memory they take
  --blocks N   a chain of N busy blocks, few of them ours, instead, and what it asks of a node
  --help       this text`;

/** The options. */
const GOALS = { events: 10_000, signed: 2_000 } as const;

const numberAfter = (name: string, usual: number): number => {
  const at = process.argv.indexOf(name);
  const number = at < 0 ? usual : Number(process.argv[at + 1]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${name} must be a whole number above 0.`);
};

const domains = {
  market: marketDomain(CHAIN_ID, CONTRACTS.marketplace),
  meters: metersDomain(CHAIN_ID, CONTRACTS.meters),
};

const events = numberAfter("--events", 100_000);
const signed = numberAfter("--signed", 8_000);

if (process.argv.includes("--help")) console.log(USAGE);
else if (process.argv.includes("--memory")) await memory(1_000_000);
else if (process.argv.includes("--blocks")) await chain(numberAfter("--blocks", 200_000));
else {
  const date = new Date().toISOString().slice(0, 10);
  const load = loadavg()[0]?.toFixed(1);
  console.log(`${date}, ${availableParallelism()} cores, load ${load} before the start`);
  await speed("events a second without signatures", events, false, GOALS.events);
  await speed("signed items a second with signatures", signed, true, GOALS.signed);
}

/** Times the audit of a history in memory: a node's time is not included. */
async function speed(what: string, count: number, signatures: boolean, goal: number) {
  const blocks: ChainBlock[] = [];
  let [found, items] = [0, 0];
  for await (const block of historyOf({ signatures })) {
    blocks.push(block);
    found += eventsIn(block);
    items += block.transactions.length;
    if ((signatures ? items : found) >= count) break;
  }
  const judges = signatures ? startJudges(domains) : undefined;
  await judges?.warmUp();
  const audit = createAudit({
    chainId: CHAIN_ID,
    contracts: CONTRACTS,
    signatures,
    recover: recoverAddress,
    ...(judges !== undefined && { judge: judges.judge }),
  });
  const [start, busy] = [performance.now(), process.cpuUsage()];
  for (let at = 0; at < blocks.length; at += 200) await audit.blocks(blocks.slice(at, at + 200));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(busy);
  await judges?.close();
  expectSound(audit);
  const total = signatures ? items : found;
  const rate = Math.round(total / seconds);
  // On a busy machine the clock says little; processor time says more.
  const perCpuSecond = Math.round(total / ((user + system) / 1e6));
  const verdict = rate >= goal ? "reached" : "NOT reached";
  console.log(
    `${rate.toLocaleString("en")} ${what} (${total.toLocaleString("en")} in ${seconds.toFixed(1)} s; ${perCpuSecond.toLocaleString("en")} per second of processor time); goal ${goal.toLocaleString("en")}: ${verdict}`,
  );
}

/** Audits a history that is generated as it is read, and prints memory at every tenth. */
async function memory(count: number) {
  const audit = createAudit({ chainId: CHAIN_ID, contracts: CONTRACTS, signatures: false });
  let found = 0;
  let tenth = 0;
  for await (const block of historyOf({ signatures: false })) {
    await audit.blocks([block]);
    found += eventsIn(block);
    if (found < (count / 10) * (tenth + 1)) continue;
    tenth++;
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const words = [...audit.state.energy.values()]
      .flatMap((lines) => [...lines.values()])
      .reduce((sum, each) => sum + each.size, 0);
    console.log(
      `${found.toLocaleString("en")} events: heap ${megabytes(heapUsed)} MB, resident ${megabytes(rss)} MB, ${words.toLocaleString("en")} balance words`,
    );
    if (tenth === 10) break;
  }
  expectSound(audit);
}

/** What the audit of a long chain asks of its node, once with headers alone and once without. */
async function chain(length: number) {
  const english = (count: number) => count.toLocaleString("en");
  for (const offersHeaders of [true, false]) {
    const cost = await costOfChain(length, offersHeaders);
    const all = [...cost.requests.values()].reduce((sum, each) => sum + each, 0);
    console.log(
      `${english(cost.blocks)} blocks, ${offersHeaders ? "headers alone" : "whole blocks"}: ${cost.seconds.toFixed(1)} s, ${english(all)} requests in ${english(cost.bodies)} bodies, ${megabytes(cost.bytes)} MB of answers`,
    );
    for (const [method, count] of cost.requests) {
      console.log(`${english(count).padStart(10)}  ${method}`);
    }
  }
}

function expectSound(audit: ReturnType<typeof createAudit>): void {
  const [first] = audit.tally.findings();
  if (first !== undefined) throw new Error(`The history has a finding: ${first.message}`);
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

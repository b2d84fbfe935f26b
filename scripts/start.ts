import { DSO, FIRST_HOUSEHOLD, localAccount, OPERATOR } from "./simulation/accounts.ts";
import { buildContracts, ChainError, openChain, serveChain } from "./simulation/chain.ts";
import { readOptions } from "./simulation/options.ts";
import { tablesOf } from "./simulation/print.ts";
import { type Played, play } from "./simulation/run.ts";

const HOST = "127.0.0.1";
const PORT = 8545;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort(new Error("Stopped.")));
}

try {
  await start();
} catch (error) {
  const expected = error instanceof ChainError || stop.signal.aborted;
  console.error(expected && error instanceof Error ? error.message : error);
  process.exitCode = stop.signal.aborted ? 0 : 1;
}

/** A chain that wallets can join, with a day of the built-in community on it, until it is stopped. */
async function start(): Promise<void> {
  const options = readOptions([]);
  if (options === "help") return;
  const [{ firstSlot, slotSeconds }] = options.communities;
  const startsAt = firstSlot * slotSeconds;
  const rpc = `http://${HOST}:${PORT}`;
  await buildContracts();
  const server = await serveChain(HOST, PORT, startsAt);
  try {
    const chain = await openChain(rpc, startsAt);
    const played = await play(chain, options, stop.signal);
    console.log(`\n${tablesOf(played.summary)}\n`);
    console.log(guideTo(played, rpc));
    await stopped();
    await chain.close();
    console.log("\nStopped.");
  } finally {
    await server.close();
  }
}

/** Where everything is, for someone with a wallet. */
function guideTo({ wattline, communities }: Played, rpc: string): string {
  const { addresses, chainId } = wattline;
  const households = communities[0]?.households ?? [];
  const people = [
    ["operator", OPERATOR],
    ["DSO", DSO],
    ...households.slice(0, 3).map(({ name }, index) => [name, FIRST_HOUSEHOLD + index] as const),
  ] as const;
  return [
    `The chain runs on at ${rpc}, chain id ${chainId}, until Ctrl-C.`,
    "",
    "Contracts",
    ...Object.entries(addresses).map(([name, address]) => `  ${name.padEnd(12)} ${address}`),
    "",
    "Accounts to import into a wallet; their keys are public, so never use them on a real network",
    ...people.map(([name, index]) => {
      const { address, privateKey } = localAccount(index);
      return `  ${name.padEnd(12)} ${address}  ${privateKey}`;
    }),
  ].join("\n");
}

/** Resolves when the process is told to stop. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve();
    else stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

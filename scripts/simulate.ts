import { writeWhole } from "@wattline/common/files";
import { MendableError } from "@wattline/common/mendable";
import { OptionsError } from "@wattline/common/options";
import { ProfilesFileError } from "@wattline/community/profiles";
import {
  buildContracts,
  ChainError,
  jsonOf,
  openChain,
  play,
  readOptions,
  tablesOf,
  USAGE,
} from "@wattline/community/simulation";
import { startAnvil } from "./simulate/anvil.ts";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("Stopped; no summary was written.")));

try {
  process.exitCode = await simulate(process.argv.slice(2));
} catch (error) {
  const expected = [ChainError, MendableError, OptionsError, ProfilesFileError].some(
    (kind) => error instanceof kind,
  );
  if (stop.signal.aborted || expected)
    console.error(error instanceof Error ? error.message : error);
  else console.error(error);
  process.exitCode = stop.signal.aborted ? 130 : 1;
}

async function simulate(argv: string[]): Promise<number> {
  const options = await readOptions(argv);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const { communities, json, isPlanned, rpc } = options;
  const [{ firstSlot, slotSeconds }] = communities;
  await buildContracts();
  const startsAt = firstSlot * slotSeconds;
  const needsAnvil = !isPlanned && rpc === undefined;
  const anvil = needsAnvil ? await startAnvil(startsAt) : undefined;
  try {
    const chain = await openChain(rpc ?? anvil?.rpcUrl, startsAt);
    try {
      const { summary } = await play(chain, options, stop.signal);
      console.log(`\n${tablesOf(summary)}`);
      if (json !== undefined) writeWhole(json, jsonOf(summary));
      return summary.checks.escrowSolvent && summary.checks.energyConserved ? 0 : 1;
    } finally {
      await chain.close();
    }
  } finally {
    anvil?.stop();
  }
}

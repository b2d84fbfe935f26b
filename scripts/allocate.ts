/** `npm run allocate`: who gave whom how much, by allocation key or by the market, in grid operators' files. */
import { IndexerError } from "@wattline/indexer/client";
import { AllocateError, readOptions, USAGE } from "./allocate/options.ts";
import { runAllocate } from "./allocate/run.ts";

const [SAME, DIFFERS, MISUSED, UNREADABLE, STOPPED] = [0, 1, 2, 3, 130];

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort(new Error("Stopped; nothing was written.")));
}

try {
  const command = readOptions(process.argv.slice(2));
  if (command === "help") console.log(USAGE);
  else {
    const { lines, isSame } = await runAllocate(command, stop.signal);
    for (const line of lines) console.log(line);
    process.exitCode = isSame ? SAME : DIFFERS;
  }
} catch (error) {
  const isMisuse = error instanceof AllocateError || error instanceof RangeError;
  const isExpected = isMisuse || error instanceof IndexerError || stop.signal.aborted;
  console.error(isExpected && error instanceof Error ? error.message : error);
  process.exitCode = stop.signal.aborted ? STOPPED : isMisuse ? MISUSED : UNREADABLE;
}

/** `npm run audit`: checks everything that happened on Wattline, from the chain alone. */

import {
  auditIntoFolder,
  conclusionOf,
  lineOf,
  outcomeOfAll,
  ReorgError,
  RpcError,
  readOptions,
  storageLinesOf,
  USAGE,
} from "@wattline/audit/command";
import { OptionsError } from "@wattline/common/options";
import { storageRows, storageTotals } from "@wattline/sdk";

const [PASSED, FAILED, MISUSED, UNREADABLE, NOT_JUDGED, STOPPED] = [0, 1, 2, 3, 4, 130];

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort(new Error("Stopped; the same command resumes from here.")));
}

try {
  process.exitCode = await audit(process.argv.slice(2));
} catch (error) {
  const expected = [OptionsError, RpcError, ReorgError].some((kind) => error instanceof kind);
  console.error(
    (expected || stop.signal.aborted) && error instanceof Error ? error.message : error,
  );
  if (stop.signal.aborted) process.exitCode = STOPPED;
  else process.exitCode = error instanceof OptionsError ? MISUSED : UNREADABLE;
}

async function audit(argv: readonly string[]): Promise<number> {
  const command = readOptions(argv);
  if (command === "help") {
    console.log(USAGE);
    return PASSED;
  }
  const { verdicts, end, state } = await auditIntoFolder(command, stop.signal);
  const batteries = storageTotals(storageRows(state, command.microgrid));
  for (const line of [...verdicts.map(lineOf), ...storageLinesOf(batteries)]) console.log(line);
  console.log(
    `\n${conclusionOf(verdicts)} up to block ${end.number}. Report: ${command.out}/report.html`,
  );
  switch (outcomeOfAll(verdicts)) {
    case "failed":
      return FAILED;
    case "passed":
    case "in part":
      return PASSED;
    default:
      return NOT_JUDGED;
  }
}

import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { OptionsError } from "@wattline/common/options";
import { ProfilesFileError } from "@wattline/community/profiles";
import { buildContracts, ChainError } from "@wattline/community/simulation";
import {
  readStudyOptions,
  runStudy,
  studyJson,
  studyPage,
  summaryOf,
  UnequalError,
  USAGE,
} from "@wattline/community/study";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("Stopped; nothing was written.")));

try {
  await study(process.argv.slice(2));
} catch (error) {
  const expected = [ChainError, OptionsError, ProfilesFileError, UnequalError].some(
    (kind) => error instanceof kind,
  );
  if (stop.signal.aborted || expected)
    console.error(error instanceof Error ? error.message : error);
  else console.error(error);
  process.exitCode = stop.signal.aborted ? 130 : 1;
}

async function study(argv: string[]): Promise<void> {
  const options = await readStudyOptions(argv);
  if (options === "help") {
    console.log(USAGE);
    return;
  }
  if (options.weeks > 0) await buildContracts();
  const found = await runStudy(options, stop.signal);
  const [page, data] = ["study.html", "study.json"].map((name) => path.join(options.out, name));
  if (page === undefined || data === undefined) return;
  writeWhole(data, studyJson(found));
  writeWhole(page, studyPage(found));
  console.log(`\n${summaryOf(found)}\n\n${page}\n${data}`);
}

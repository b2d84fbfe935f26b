/** An audit in a separate process that writes a checkpoint after every range, so that it can be killed anywhere. */
import { readOptions } from "@wattline/audit/command";
import { audit, failedChecks } from "../../../services/audit/test/support/auditing.ts";

const command = readOptions(process.argv.slice(2), {});
if (command === "help") throw new Error("--help is not expected here.");
console.log("RUNNING");
const failed = failedChecks(await audit(command, { checkpointEveryMs: 0 }));
if (failed.length > 0) throw new Error(`The audit failed: ${failed.join(", ")}.`);

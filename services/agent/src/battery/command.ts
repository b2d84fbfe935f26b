import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CommandLinkConfig } from "../config/battery.ts";
import type { BatteryLink, LinkContext } from "./link.ts";
import { polled } from "./polled.ts";
import { commandText } from "./values.ts";

const PATIENCE_MS = 30_000;
const run = promisify(execFile);

/** A battery behind programs of the household: one prints how it stands, one is told the power. */
export function commandLink(config: CommandLinkConfig, context: LinkContext): BatteryLink {
  const { read, command, positive } = config;
  const stdoutOf = async ([program = "", ...args]: readonly string[], signal: AbortSignal) =>
    (await run(program, args, { timeout: PATIENCE_MS, signal })).stdout;
  return {
    readings: (signal) =>
      polled(read.join(" "), config, () => stdoutOf(read, signal), context, signal),
    async command(chargeW, signal) {
      await stdoutOf(
        command.map((part) => commandText(part, chargeW, positive)),
        signal,
      );
    },
  };
}

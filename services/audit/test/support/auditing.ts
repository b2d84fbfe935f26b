import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Check, Finding } from "@wattline/sdk";
import { auditIntoFolder, type RunSettings } from "../../src/command/auditIntoFolder.ts";
import { type AuditCommand, readOptions } from "../../src/command/options.ts";
import type { AuditResult } from "../../src/run.ts";
import type { History } from "./history.ts";

/** A folder for a test's audits, gone afterwards. */
export function auditsOf() {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-audit-"));
  let runs = 0;

  /** The arguments of an audit of a history, each with an output folder of its own. */
  function argumentsOf(
    rpc: string,
    { deployment }: Pick<History, "deployment">,
    ...more: string[]
  ) {
    const out = path.join(folder, String(++runs));
    const file = path.join(folder, `${runs}.json`);
    writeFileSync(file, JSON.stringify(deployment));
    return ["--rpc", rpc, "--deployment", file, "--out", out, ...more];
  }

  return {
    folder,
    argumentsOf,
    commandOf(rpc: string, history: Pick<History, "deployment">, ...more: string[]): AuditCommand {
      const command = readOptions(argumentsOf(rpc, history, ...more), {});
      if (command === "help") throw new Error("Nobody asked for help.");
      return command;
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs an audit without a word. */
export const audit = (
  command: AuditCommand,
  settings: RunSettings = {},
  signal = new AbortController().signal,
): Promise<AuditResult> => auditIntoFolder(command, signal, { quiet: true, ...settings });

/** The checks that failed, each once, in order of name. */
export const failedChecks = ({ verdicts }: AuditResult): Check[] =>
  verdicts.filter(({ failed }) => failed > 0).map(({ check }) => check);

/** The first finding of a check. */
export function findingOf({ findings }: AuditResult, check: Check): Finding {
  const finding = findings.find((each) => each.check === check);
  if (finding === undefined) throw new Error(`The audit found nothing about ${check}.`);
  return finding;
}

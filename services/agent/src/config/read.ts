import { readFileSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@wattline/sdk";
import { parse, TomlError } from "smol-toml";
import { getAddress } from "viem";
import * as z from "zod";
import { AgentError, reasonOf } from "../errors.ts";
import { type Config, configSchema, type KeyConfig } from "./schema.ts";

/** A configuration with all it points to. Files are named from the folder of the configuration. */
export interface Settings {
  readonly config: Config;
  readonly deployment: KnownDeployment;
}

/** What meters need of a deployment, and what trading needs beside it. */
export type KnownDeployment = Pick<Deployment, "chainId" | "meters" | "microgrids"> & {
  readonly [key in keyof Pick<Deployment, "marketplace" | "energy" | "fromBlock">]?:
    | Deployment[key]
    | undefined;
};

/**
 * Reads `agent.toml` and the deployment that it names.
 * @throws AgentError that names file, key and allowed values.
 */
export function readSettings(file: string): Settings {
  const parsed = configSchema.safeParse(tomlIn(file));
  if (!parsed.success) throw new AgentError(complaintsOf(file, parsed.error.issues).join("\n"));
  const config = anchored(parsed.data, path.dirname(path.resolve(file)));
  const deployment = readDeployment(config.chain.deployment);
  if (config.homes.some(({ trading }) => trading !== undefined)) {
    requireMarket(deployment, config.chain.deployment);
  }
  return { config, deployment };
}

function tomlIn(file: string): unknown {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    throw new AgentError(
      `${file} can't be read (${reasonOf(error)}). Copy agent.example.toml there, or name your own with --config.`,
    );
  }
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new AgentError(`${file}, line ${error.line}, column ${error.column}: ${error.message}`);
  }
}

function complaintsOf(file: string, issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map(
    (issue) => `${file}: ${issue.path.join(".") || "the file"}: ${wordsOf(issue)}.`,
  );
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `there is no key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_value":
      return `expected one of ${z.util.joinValues(issue.values, ", ")}`;
    case "custom":
    case "invalid_format":
    case "invalid_union":
      return `expected ${issue.message}`;
    default:
      return issue.message;
  }
}

const deploymentAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((value) => getAddress(value));
const deploymentSchema = z.object({
  chainId: z.int().positive(),
  meters: deploymentAddress,
  microgrids: deploymentAddress,
  marketplace: deploymentAddress.optional(),
  energy: deploymentAddress.optional(),
  fromBlock: z.int().nonnegative().optional(),
});

/** @throws AgentError when it does not say where the market is. */
function requireMarket(deployment: KnownDeployment, file: string): void {
  const missing = (["marketplace", "energy", "fromBlock"] as const).filter(
    (key) => deployment[key] === undefined,
  );
  if (missing.length === 0) return;
  throw new AgentError(
    `${file} lacks ${missing.join(", ")}, which trading needs. Ask your community for the whole deployment.json.`,
  );
}

function readDeployment(file: string): Settings["deployment"] {
  try {
    return deploymentSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new AgentError(
      `${file} is no deployment (${reason}). It comes from your community: it says where the contracts are.`,
    );
  }
}

/** Every file named in a configuration, from the folder that the configuration is in. */
function anchored(config: Config, folder: string): Config {
  const place = (file: string): string => path.resolve(folder, file);
  const key = <K extends KeyConfig>(each: K): K =>
    "keystore" in each
      ? { ...each, keystore: place(each.keystore), password_file: place(each.password_file) }
      : each;
  const password = <P extends { password_file?: string | undefined }>(each: P): P =>
    each.password_file === undefined ? each : { ...each, password_file: place(each.password_file) };
  const { report, chain, home_assistant } = config;
  return {
    ...config,
    data: place(config.data),
    chain: { ...chain, deployment: place(chain.deployment) },
    report:
      report.by === "file"
        ? { ...report, file: place(report.file) }
        : report.by === "transaction"
          ? { ...report, payer: key(report.payer) }
          : report,
    home_assistant: home_assistant && password(home_assistant),
    homes: config.homes.map((home) => ({
      ...home,
      device: key(home.device),
      delegate: home.delegate && key(home.delegate),
      battery: home.battery && {
        ...home.battery,
        device: home.battery.device && key(home.battery.device),
      },
      meters: home.meters.map((meter) => {
        if (meter.type === "p1-file" || meter.type === "replay") {
          return { ...meter, path: place(meter.path) };
        }
        return meter.type === "mqtt" ? password(meter) : meter;
      }),
    })),
  };
}

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@wattline/sdk";
import { isAddress } from "viem";

/** An environment variable is missing or invalid; the message names it. */
export class SettingsError extends Error {}

/** The settings from environment variables. */
export interface Settings {
  readonly deploymentFile: string;
  readonly deployment: Deployment;
  readonly rpcUrl: string;
  readonly host: string;
  readonly port: number;
  /** The folder of PGlite and the launcher. */
  readonly dataFolder: string;
  /** A Postgres database instead of PGlite. */
  readonly databaseUrl: string | undefined;
  /** Whether the chain may be restarted at any time. */
  readonly isDevelopment: boolean;
}

/** Chain id of Hardhat's and Anvil's development chains. */
const DEVELOPMENT_CHAIN_ID = 31_337;
const LATEST_PORT = 65_535;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment: see the README for each variable.
 * @throws SettingsError for one that is missing or invalid.
 */
export function readSettings(environment: Environment): Settings {
  const deploymentFile = path.resolve(required(environment, "WATTLINE_DEPLOYMENT"));
  const deployment = readDeployment(deploymentFile);
  return {
    deploymentFile,
    deployment,
    rpcUrl: urlOf("WATTLINE_RPC_URL", required(environment, "WATTLINE_RPC_URL")),
    host: environment.WATTLINE_HOST || "127.0.0.1",
    port: portOf(environment.WATTLINE_PORT || "42069"),
    dataFolder: path.resolve(environment.WATTLINE_DATA || ".wattline/indexer"),
    databaseUrl: environment.DATABASE_URL || undefined,
    isDevelopment: deployment.chainId === DEVELOPMENT_CHAIN_ID,
  };
}

function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new SettingsError(`${name} is not set. See services/indexer/README.md.`);
  return value;
}

function urlOf(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SettingsError(
      `${name} must be an address such as http://127.0.0.1:8545, not "${text}".`,
    );
  }
  return text;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port === 0 || port > LATEST_PORT) {
    throw new SettingsError(
      `WATTLINE_PORT must be a number from 1 to ${LATEST_PORT}, not "${text}".`,
    );
  }
  return port;
}

/** @throws SettingsError when the file is missing or not a deployment. */
function readDeployment(file: string): Deployment {
  if (!existsSync(file)) {
    throw new SettingsError(`WATTLINE_DEPLOYMENT names ${file}, which does not exist.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new SettingsError(
      `WATTLINE_DEPLOYMENT: ${file} is no JSON (${error instanceof Error ? error.message : error}).`,
    );
  }
  if (!isDeployment(json)) {
    throw new SettingsError(
      `WATTLINE_DEPLOYMENT: ${file} must hold chainId, marketplace, microgrids, meters, energy, board and fromBlock.`,
    );
  }
  return json;
}

function isDeployment(json: unknown): json is Deployment {
  if (typeof json !== "object" || json === null) return false;
  const members = new Map<string, unknown>(Object.entries(json));
  return (
    ["marketplace", "microgrids", "meters", "energy", "board"].every((name) => {
      const address = members.get(name);
      return typeof address === "string" && isAddress(address, { strict: false });
    }) &&
    ["chainId", "fromBlock"].every((name) => {
      const number = members.get(name);
      return typeof number === "number" && Number.isSafeInteger(number) && number >= 0;
    })
  );
}

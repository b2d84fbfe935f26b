import path from "node:path";
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { PORTS } from "@wattline/common/ports";
import type { Deployment } from "@wattline/sdk";

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
  const deployment = readDeployment(deploymentFile, deploymentSchema, SettingsError);
  return {
    deploymentFile,
    deployment,
    rpcUrl: urlOf("WATTLINE_RPC_URL", required(environment, "WATTLINE_RPC_URL")),
    host: environment.WATTLINE_HOST || "127.0.0.1",
    port: portOf(environment.WATTLINE_PORT || String(PORTS.indexer)),
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
    // Its text is not shown: it may contain a password or an API key.
    throw new SettingsError(`${name} must be an address such as http://127.0.0.1:8545.`);
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

import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { listOf } from "@wattline/common/options";
import { PORTS } from "@wattline/common/ports";
import { LIMITS, type Limits } from "./limits/limits.ts";
import type { RelayOptions } from "./server.ts";
import type { Storage } from "./store/database.ts";

/** The environment lacks something that the relay needs; the message says what is wrong and what to do. */
export class ConfigError extends Error {}

const DEFAULT_RPC_URL = `http://127.0.0.1:${PORTS.chain}`;
const DEFAULT_FOLDER = ".wattline/relay";

/**
 * Reads a relay's options from the environment; the README describes each variable.
 * @throws ConfigError, or MendableError for a file that is no deployment
 */
export function readConfig(env: NodeJS.ProcessEnv): RelayOptions {
  const file = env.WATTLINE_DEPLOYMENT;
  if (file === undefined || file === "") {
    throw new ConfigError(
      "WATTLINE_DEPLOYMENT is not set. Set it to the JSON file that says where the contracts are.",
    );
  }
  return {
    rpcUrl: urlIn(env, "WATTLINE_RPC_URL", ["http:", "https:"]) ?? DEFAULT_RPC_URL,
    deployment: readDeployment(file, deploymentSchema),
    storage: storageIn(env),
    host: env.WATTLINE_HOST || "127.0.0.1",
    port: portIn(env),
    peers: peersIn(env),
    trustedProxies: listOf(env.WATTLINE_TRUSTED_PROXIES),
    limits: limitsIn(env),
    ...outageIn(env),
  };
}

function storageIn(env: NodeJS.ProcessEnv): Storage {
  const postgresUrl = urlIn(env, "DATABASE_URL", ["postgres:", "postgresql:"]);
  if (postgresUrl !== undefined) return { postgresUrl };
  return { folder: env.WATTLINE_DATA || DEFAULT_FOLDER };
}

function portIn({ WATTLINE_PORT: text }: NodeJS.ProcessEnv): number {
  if (text === undefined || text === "") return PORTS.relay;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new ConfigError(`WATTLINE_PORT is "${text}"; a port is a number from 0 to 65535.`);
  }
  return port;
}

function outageIn({
  WATTLINE_OFFLINE_AFTER: text,
}: NodeJS.ProcessEnv): Pick<RelayOptions, "offlineAfterSeconds"> {
  if (text === undefined || text === "") return {};
  const offlineAfterSeconds = Number(text);
  if (!/^\d{1,9}$/.test(text) || offlineAfterSeconds === 0) {
    throw new ConfigError(
      `WATTLINE_OFFLINE_AFTER is "${text}"; it is the age of the newest block, in seconds, from which the node counts as offline.`,
    );
  }
  return { offlineAfterSeconds };
}

/** Limits that an operator may set. */
const LIMIT_VARIABLES = {
  WATTLINE_MOST_BODY_BYTES: "body",
  WATTLINE_MOST_ORDERS_PER_MAKER: "ordersPerMaker",
  WATTLINE_MOST_WAITING: "waitingPerAddress",
  WATTLINE_MOST_STREAMS: "streamsPerAddress",
} as const;

function limitsIn(env: NodeJS.ProcessEnv): Partial<Limits> {
  const perSecond = countIn(env, "WATTLINE_REQUESTS_PER_SECOND");
  const burst = countIn(env, "WATTLINE_REQUESTS_AT_ONCE");
  const limits = Object.entries(LIMIT_VARIABLES).flatMap(([name, limit]) => {
    const most = countIn(env, name);
    return most === undefined ? [] : [[limit, most]];
  });
  return {
    ...Object.fromEntries(limits),
    requests: {
      burst: burst ?? LIMITS.requests.burst,
      perSecond: perSecond ?? LIMITS.requests.perSecond,
    },
  };
}

function countIn(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ConfigError(`${name} is "${text}"; it is a whole number from 1 to 999999999.`);
}

function peersIn(env: NodeJS.ProcessEnv): string[] {
  return [...new Set(listOf(env.WATTLINE_PEERS))].map((text) =>
    urlOf("WATTLINE_PEERS", text, ["http:", "https:"]),
  );
}

function urlIn(
  env: NodeJS.ProcessEnv,
  name: string,
  protocols: readonly string[],
): string | undefined {
  const text = env[name];
  return text === undefined || text === "" ? undefined : urlOf(name, text, protocols);
}

function urlOf(name: string, text: string, protocols: readonly string[]): string {
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    // Its text is not shown: it may contain a password or an API key.
    throw new ConfigError(`${name} is no address that starts with ${protocols.join(" or ")}.`);
  }
  return text;
}

import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, wholeNumber } from "@wattline/common/options";
import { PORTS } from "@wattline/common/ports";

export { OptionsError } from "@wattline/common/options";

/** Ports by part. */
export interface Ports {
  readonly chain: number;
  readonly relay: number;
  readonly indexer: number;
  /** Where the auctioneer, a part of the community, takes what households have signed. */
  readonly auctioneer: number;
  readonly frontend: number;
}

export interface StartOptions {
  readonly ports: Ports;
  /** The real duration of a delivery slot, in s. */
  readonly paceSeconds: number;
  /** The run's files: deployment, configuration, databases. Emptied at the start. */
  readonly folder: string;
}

export const USAGE = `npm start -- [options]

  --pace SECONDS         how long a delivery slot of the community lasts (default 5)
  --port-chain N         where the chain listens on 127.0.0.1 (default ${PORTS.chain})
  --port-relay N         … the relay (default ${PORTS.relay})
  --port-indexer N       … the indexer (default ${PORTS.indexer})
  --port-auctioneer N    … the auctioneer, for what households sign (default ${PORTS.mandates})
  --port-frontend N      … the dApp (default ${PORTS.frontend})
  --folder FOLDER        for what the run leaves behind; emptied at the start (default .wattline/run)
  --help                 this text`;

const FLAGS = {
  pace: { type: "string" },
  "port-chain": { type: "string" },
  "port-relay": { type: "string" },
  "port-indexer": { type: "string" },
  "port-auctioneer": { type: "string" },
  "port-frontend": { type: "string" },
  folder: { type: "string" },
} as const;

const HIGHEST_PORT = 65_535;
const SLOWEST_PACE_SECONDS = 3_600;

/**
 * Reads the command line of `npm start`.
 * @returns "help" for --help.
 * @throws OptionsError
 */
export function readStartOptions(argv: readonly string[]): StartOptions | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const port = (part: keyof Ports, usual: number): number => {
    const number = wholeNumber(`--port-${part}`, values[`port-${part}`] ?? String(usual));
    if (number < 1 || number > HIGHEST_PORT) {
      throw new OptionsError(
        `--port-${part} must be a port from 1 to ${HIGHEST_PORT}, not ${number}.`,
      );
    }
    return number;
  };
  const ports = {
    chain: port("chain", PORTS.chain),
    relay: port("relay", PORTS.relay),
    indexer: port("indexer", PORTS.indexer),
    auctioneer: port("auctioneer", PORTS.mandates),
    frontend: port("frontend", PORTS.frontend),
  };
  if (new Set(Object.values(ports)).size < Object.keys(ports).length) {
    throw new OptionsError("Every part needs its own port.");
  }
  const paceSeconds = wholeNumber("--pace", values.pace ?? "5");
  if (paceSeconds < 1 || paceSeconds > SLOWEST_PACE_SECONDS) {
    throw new OptionsError(
      `--pace takes 1 to ${SLOWEST_PACE_SECONDS} seconds, not ${paceSeconds}.`,
    );
  }
  return { ports, paceSeconds, folder: path.resolve(values.folder ?? ".wattline/run") };
}

import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@wattline/sdk";
import { spawnRelay } from "../../services/relay/test/support/process.ts";
import { cpuSecondsOf } from "./processor.ts";

/** Where the services of a play find the chain, and keep what is theirs. */
export interface Surroundings {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** The file that says the same. */
  readonly deploymentFile: string;
  readonly folder: string;
}

/** What homes and auctioneer of a play use beside the chain. */
export interface Services {
  readonly relayUrl: string;
  /** What the relays have had of the processor, s. */
  relaySeconds(): number;
  /** Bytes of the relay's database. */
  databaseBytes(): Promise<number>;
  /**
   * Waits until a slot is played, and does meanwhile what is due.
   * @param part How much of the play is over, 0 to 1.
   */
  during(playing: Promise<void>, part: number): Promise<void>;
  /** What is found when the play is over, a line each. @throws Error when something does not agree. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A relay may start while the machine does other things. */
export const PATIENCE_MS = 120_000;

/** One relay with its embedded database. */
export async function oneRelay({ rpcUrl, deployment, folder }: Surroundings): Promise<Services> {
  const data = path.join(folder, "relay");
  const relay = await spawnRelay({ rpcUrl, deployment }, { WATTLINE_DATA: data }, PATIENCE_MS);
  return {
    relayUrl: relay.url,
    relaySeconds: () => cpuSecondsOf(relay.child.pid),
    databaseBytes: async () => bytesIn(data),
    during: (playing) => playing,
    check: async () => [],
    close: () => relay.kill(),
  };
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

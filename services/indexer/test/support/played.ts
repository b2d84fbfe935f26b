import path from "node:path";
import type { Deployment } from "@wattline/sdk";
import type { Address } from "viem";
import type { Script } from "./playedChain.ts";
import { type Started, startNode } from "./process.ts";

/** Some hours of two communities, on a chain that keeps running. */
export interface Played {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly euro: Address;
  readonly communities: readonly {
    readonly microgrid: number;
    readonly operator: Address;
    readonly dso: Address;
    readonly households: readonly {
      readonly name: string;
      readonly address: Address;
      readonly meter: Address;
    }[];
  }[];
  readonly firstSlot: number;
  readonly slots: number;
  /** The simulation's sums; energy and money as decimal strings. */
  readonly summary: {
    readonly [name: string]: string | number;
  } & { readonly households: readonly Readonly<Record<string, string>>[] };
}

const CHAIN = path.join(import.meta.dirname, "playedChain.ts");

/** Plays a script. The second result is the process to stop. */
export async function playOn(script: Script): Promise<readonly [Played, Started]> {
  const started = startNode([CHAIN, JSON.stringify(script)]);
  const played: Played = JSON.parse(await started.line("PLAYED "));
  return [played, started];
}

import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import type { Contracts } from "@wattline/sdk";
import type { Header } from "../answers.ts";

/** What an audit is of: another one can't go on from its checkpoint. */
export interface Identity {
  readonly chainId: number;
  readonly contracts: Contracts;
  readonly firstBlock: number;
  readonly fromBlock: number;
  readonly microgrid?: number | undefined;
  readonly signatures: boolean;
}

/** Where an audit stands: what it needs to go on after a block. */
export interface Checkpoint {
  readonly block: Header;
  /** What `Audit.freeze` returned. */
  readonly audit: string;
  /** What `Outputs.freeze` returned. */
  readonly outputs: string;
}

const VERSION = 4;
const FILE = "checkpoint.json";

/** Keeps one checkpoint in a folder. */
export function checkpointsIn(folder: string, identity: Identity) {
  const file = path.join(folder, FILE);
  const mark = JSON.stringify(identity);

  return {
    save(checkpoint: Checkpoint): void {
      writeWhole(file, JSON.stringify({ version: VERSION, identity: mark, ...checkpoint }));
    },
    /** The checkpoint of just this audit; undefined when there is none that can be read. */
    load(): Checkpoint | undefined {
      try {
        const kept: Kept = JSON.parse(readFileSync(file, "utf8"));
        return kept.version === VERSION && kept.identity === mark ? kept : undefined;
      } catch {
        return undefined;
      }
    },
    clear: () => rmSync(file, { force: true }),
  };
}

interface Kept extends Checkpoint {
  readonly version: number;
  readonly identity: string;
}

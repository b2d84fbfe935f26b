import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeWhole } from "@wattline/common/files";
import { BenchFailure } from "../failure.ts";
import { isRecord } from "./artifact.ts";

/** Compiler output by a key of all its inputs, in a folder that git ignores. */
export class ArtifactCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The output that was stored under `key`; undefined when there is none.
   * @throws BenchFailure when the file is not what was stored.
   */
  read(name: string, key: string): unknown {
    const file = this.#fileOf(name, key);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return undefined;
    }
    const content = parsed(text);
    if (
      !isRecord(content) ||
      content.key !== key ||
      content.digest !== digestOf(JSON.stringify(content.output))
    ) {
      throw new BenchFailure(
        `The artifact cache/bench/${basename(file)} does not match its sources: delete it, so that it is compiled again.`,
      );
    }
    return content.output;
  }

  write(name: string, key: string, output: unknown): void {
    mkdirSync(this.#folder, { recursive: true });
    const digest = digestOf(JSON.stringify(output));
    writeWhole(this.#fileOf(name, key), JSON.stringify({ key, digest, output }));
  }

  #fileOf(name: string, key: string): string {
    return join(this.#folder, `${name}-${key.slice(0, 16)}.json`);
  }
}

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import * as z from "zod";
import { money } from "../config/schema.ts";

/** The limits that a household sets in the dApp, by the keys of `[homes.trading]`. */
export const handedSchema = z.object({ floor: money, ceiling: money, most_a_day: money });
export type HandedLimits = z.output<typeof handedSchema>;

const fileSchema = z.record(z.string(), handedSchema);

/** Limits that a household has handed over on the agent's page. They go before those of the configuration, and are kept. */
export class Handed {
  readonly #file: string;
  readonly #limits: Map<string, HandedLimits>;

  /**
   * @param data The agent's folder.
   * @throws ZodError when its file holds something else.
   */
  constructor(data: string) {
    this.#file = path.join(data, "limits.json");
    const stored = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, "utf8")) : {};
    this.#limits = new Map(Object.entries(fileSchema.parse(stored)));
  }

  of(home: string): HandedLimits | undefined {
    return this.#limits.get(home);
  }

  set(home: string, limits: HandedLimits): void {
    this.#limits.set(home, limits);
    writeWhole(this.#file, `${JSON.stringify(Object.fromEntries(this.#limits), undefined, 2)}\n`);
  }
}

import { createHash, randomBytes, randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";

const FILE = "page-sessions";
const MOST_WRONG = 5;
const DIGITS = 8;

/**
 * Who may read the page: browsers that were given the code which the agent shows. A code serves once, and is another one
 * after five wrong tries.
 */
export class Pairing {
  readonly #file: string;
  readonly #sessions: Set<string>;
  #code = newCode();
  #wrong = 0;

  constructor(data: string) {
    this.#file = path.join(data, FILE);
    const lines = existsSync(this.#file) ? readFileSync(this.#file, "utf8").split("\n") : [];
    this.#sessions = new Set(lines.filter((line) => line !== ""));
  }

  get code(): string {
    return this.#code;
  }

  /** The token of a new session for the right code. Only its hash is kept. */
  pair(code: string): string | undefined {
    if (code.replace(/\D/g, "") !== this.#code) {
      if (++this.#wrong >= MOST_WRONG) this.#renew();
      return undefined;
    }
    this.#renew();
    const token = randomBytes(32).toString("base64url");
    this.#sessions.add(hashOf(token));
    writeWhole(this.#file, `${[...this.#sessions].join("\n")}\n`);
    return token;
  }

  isPaired(token: string | undefined): boolean {
    return token !== undefined && this.#sessions.has(hashOf(token));
  }

  #renew(): void {
    this.#code = newCode();
    this.#wrong = 0;
  }
}

const newCode = (): string => String(randomInt(10 ** DIGITS)).padStart(DIGITS, "0");

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

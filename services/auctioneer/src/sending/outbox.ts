import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { isFinal } from "@wattline/common/final";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import type { Address, Hex } from "viem";
import * as z from "zod";

const hex = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  .transform((text) => text as Hex);
const wei = z.string().regex(/^\d+$/).transform(BigInt);

const attemptSchema = z.object({
  hash: hex,
  /** Signed, as it goes to the node. */
  serialized: hex,
  to: hex,
  data: hex,
  gas: wei,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
  sentMs: z.number(),
  /** What it is for: "settle", "release", "undelivered", "report", "mandate", or "cancel" for one that only uses the nonce up. */
  purpose: z.enum(["settle", "release", "undelivered", "report", "mandate", "cancel"]),
});

const sentSchema = z.object({
  nonce: z.int().min(0),
  /** The day (UTC) whose budget it counts on. */
  day: z.string(),
  /** One nonce is mined once, so of these at most one ever counts. */
  attempts: z.array(attemptSchema).min(1),
  mined: z
    .object({ hash: hex, block: z.int(), blockHash: hex, costWei: wei, isSuccess: z.boolean() })
    .optional(),
});

/** What a day's transactions have cost that are not kept any more. */
const spentSchema = z.object({
  day: z.string(),
  wei,
  /** Of those that were added last: after a crash some of them may still be there. */
  hashes: z.array(hex),
});

/** One signed transaction. */
export type Attempt = z.output<typeof attemptSchema>;
/** A nonce, and all that was signed for it. */
export type Sent = z.output<typeof sentSchema>;
type Spent = z.output<typeof spentSchema>;

/**
 * What was sent and what it has cost, on disk before it goes out, each nonce in a file of its own. Nothing here decides what is
 * settled: that is read from the chain. It keeps one nonce from being used for two things after a crash, and a day's gas within
 * its budget.
 */
export class Outbox {
  readonly #place: (name: string) => string;
  #sent: readonly Sent[];
  #spent: Spent | undefined;

  /** @throws MendableError when a file can't be read or is damaged. */
  constructor(folder: string, account: Address, chainId: number) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const owner = `${chainId}-${account.toLowerCase()}`;
    this.#place = (name) => path.join(folder, `${owner}-${name}.json`);
    this.#spent = existsSync(this.#spentFile) ? readFile(this.#spentFile, spentSchema) : undefined;
    this.#sent = readdirSync(folder)
      .filter((name) => name.startsWith(`${owner}-sent-`) && name.endsWith(".json"))
      .map((name) => readFile(path.join(folder, name), sentSchema))
      .sort((a, b) => a.nonce - b.nonce);
    this.#forgetCounted();
  }

  /** By nonce. */
  get sent(): readonly Sent[] {
    return this.#sent;
  }

  /** What is not mined, the lowest nonce first. */
  get waiting(): readonly Sent[] {
    return this.#sent.filter(({ mined }) => mined === undefined);
  }

  /** The most that all of it may cost, in wei. */
  get waitingWei(): bigint {
    return this.waiting.reduce((sum, { attempts }) => sum + mostWei(attempts), 0n);
  }

  /** Writes down what is known of a nonce, before anything else happens. */
  put(sent: Sent): void {
    write(this.#fileOf(sent.nonce), sent);
    const others = this.#sent.filter(({ nonce }) => nonce !== sent.nonce);
    this.#sent = [...others, sent].sort((a, b) => a.nonce - b.nonce);
  }

  /** A nonce for which nothing that was signed can be mined. */
  drop(nonce: number): void {
    this.#forget((sent) => sent.nonce === nonce);
  }

  /** Keeps of what is settled for good only what it has cost today. */
  tidy(head: number, day: string): void {
    const final = this.#sent.flatMap(({ day: on, mined }) =>
      mined !== undefined && isFinal(mined.block, head) ? [{ on, ...mined }] : [],
    );
    if (final.length === 0) return;
    const costs = final.map(({ on, costWei }) => (on === day ? costWei : 0n));
    const spent = {
      day,
      wei: costs.reduce((sum, costWei) => sum + costWei, this.#spentOn(day)),
      hashes: final.map(({ hash }) => hash),
    };
    write(this.#spentFile, spent);
    this.#spent = spent;
    this.#forgetCounted();
  }

  /**
   * What a day has cost and may still cost, in wei: of what is mined the cost, of what is not the most that it may come to,
   * whenever it was sent.
   * @param without A nonce that is left out.
   */
  committedWei(day: string, without?: number): bigint {
    return this.#sent.reduce((sum, sent) => {
      if (sent.nonce === without) return sum;
      if (sent.mined === undefined) return sum + mostWei(sent.attempts);
      return sent.day === day ? sum + sent.mined.costWei : sum;
    }, this.#spentOn(day));
  }

  #spentOn(day: string): bigint {
    return this.#spent?.day === day ? this.#spent.wei : 0n;
  }

  /** What is counted among what is spent. */
  #forgetCounted(): void {
    const counted = new Set(this.#spent?.hashes);
    this.#forget(({ mined }) => mined !== undefined && counted.has(mined.hash));
  }

  #forget(isGone: (sent: Sent) => boolean): void {
    for (const { nonce } of this.#sent.filter(isGone)) rmSync(this.#fileOf(nonce));
    this.#sent = this.#sent.filter((sent) => !isGone(sent));
  }

  #fileOf(nonce: number): string {
    return this.#place(`sent-${nonce}`);
  }

  get #spentFile(): string {
    return this.#place("spent");
  }
}

/** The most that one of several transactions with one nonce may cost. */
export const mostWei = (attempts: readonly Pick<Attempt, "gas" | "maxFeePerGas">[]): bigint =>
  attempts.reduce((most, { gas, maxFeePerGas }) => {
    const cost = gas * maxFeePerGas;
    return cost > most ? cost : most;
  }, 0n);

function write(file: string, what: Sent | Spent): void {
  const text = JSON.stringify(
    what,
    (_, value) => (typeof value === "bigint" ? value.toString() : value),
    1,
  );
  writeWhole(file, text, 0o600);
}

function readFile<T>(file: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new MendableError(`${file} can't be read (${reasonOf(error)}).`);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new MendableError(
      `${file} is damaged (${reason}). It holds what was sent or what that has cost. When no transaction of the account waits any more, remove it: its cost is then missing from the day's budget.`,
    );
  }
}

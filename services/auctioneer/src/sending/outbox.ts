import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
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
const spentSchema = z.object({ day: z.string(), wei });

const fileSchema = z.object({ sent: z.array(sentSchema), spent: spentSchema.optional() });

/** One signed transaction. */
export type Attempt = z.output<typeof attemptSchema>;
/** A nonce, and all that was signed for it. */
export type Sent = z.output<typeof sentSchema>;
type Spent = z.output<typeof spentSchema>;

/** A transaction so deep below the newest block stays. */
const FINAL_BLOCKS = 128;

/**
 * What was sent and what it has cost, on disk before it goes out. Nothing here decides what is settled: that is read from the
 * chain. It keeps one nonce from being used for two things after a crash, and a day's gas within its budget.
 */
export class Outbox {
  readonly #file: string;
  #sent: readonly Sent[];
  #spent: Spent | undefined;

  /** @throws MendableError when the file can't be read or is damaged. */
  constructor(folder: string, account: Address, chainId: number) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = path.join(folder, `sent-${chainId}-${account.toLowerCase()}.json`);
    const { sent, spent } = readFile(this.#file);
    this.#sent = sent;
    this.#spent = spent;
  }

  /** By nonce. */
  get sent(): readonly Sent[] {
    return this.#sent;
  }

  /** What is not mined, the lowest nonce first. */
  get waiting(): readonly Sent[] {
    return this.#sent.filter(({ mined }) => mined === undefined);
  }

  /** Writes down what is known of a nonce, before anything else happens. */
  put(sent: Sent): void {
    const others = this.#sent.filter(({ nonce }) => nonce !== sent.nonce);
    this.#write([...others, sent].sort((a, b) => a.nonce - b.nonce));
  }

  /** A nonce for which nothing that was signed can be mined. */
  drop(nonce: number): void {
    this.#write(this.#sent.filter((each) => each.nonce !== nonce));
  }

  /** Keeps of what is settled for good only what it has cost today. */
  tidy(head: number, day: string): void {
    const isFinal = ({ mined }: Sent): boolean =>
      mined !== undefined && head - mined.block >= FINAL_BLOCKS;
    if (!this.#sent.some(isFinal)) return;
    const wei = this.#sent.reduce(
      (sum, sent) => (isFinal(sent) && sent.day === day ? sum + (sent.mined?.costWei ?? 0n) : sum),
      this.#spentOn(day),
    );
    this.#write(
      this.#sent.filter((sent) => !isFinal(sent)),
      { day, wei },
    );
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

  #write(sent: readonly Sent[], spent = this.#spent): void {
    const text = JSON.stringify(
      { sent, spent },
      (_, value) => (typeof value === "bigint" ? value.toString() : value),
      1,
    );
    writeWhole(this.#file, text, 0o600);
    this.#sent = sent;
    this.#spent = spent;
  }
}

/** The most that one of several transactions with one nonce may cost. */
export const mostWei = (attempts: readonly Pick<Attempt, "gas" | "maxFeePerGas">[]): bigint =>
  attempts.reduce((most, { gas, maxFeePerGas }) => {
    const cost = gas * maxFeePerGas;
    return cost > most ? cost : most;
  }, 0n);

function readFile(file: string): z.output<typeof fileSchema> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { sent: [] };
    throw new MendableError(`${file} can't be read (${reasonOf(error)}).`);
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new MendableError(
      `${file} is damaged (${reason}). It holds what was sent and what that has cost. When no transaction of the account waits any more, remove it: the day's budget then begins anew.`,
    );
  }
}

import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "@wattline/common/files";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import type { Deployment } from "@wattline/sdk";
import type { Hex } from "viem";
import * as z from "zod";
import { type Holding, holdingKey, joined, keyOf, type Question } from "./questions.ts";

const hex = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value));

/** A block as a node gives it; only its place is ours to know. */
const blockSchema = z.looseObject({ number: hex, hash: hex, parentHash: hex, timestamp: hex });
/** A log as a node gives it. */
const logSchema = z.looseObject({
  address: hex,
  topics: z.array(hex),
  data: hex,
  blockNumber: hex,
  blockHash: hex,
});

export type RawBlock = z.output<typeof blockSchema>;
export type RawLog = z.output<typeof logSchema>;
export const rawBlockSchema = blockSchema;
export const rawLogsSchema = z.array(logSchema);

const holdingSchema = z.object({
  holder: hex,
  microgrid: z.int(),
  source: z.int(),
  firstBlock: z.int(),
  lastBlock: z.int(),
});

const fileSchema = z.object({
  version: z.literal(1),
  chainId: z.int(),
  marketplace: hex,
  /** Headers of the newest blocks, oldest first; answers and logs are as of the last one. */
  blocks: z.array(blockSchema),
  logs: z.array(logSchema),
  /** From this block on all logs of Wattline's contracts are kept, not only those that never lose their use. */
  allLogsFrom: z.int(),
  questions: z.array(z.object({ to: hex, data: hex, answer: hex })),
  holdings: z.array(z.object({ holding: holdingSchema, answer: hex })),
});

type Kept = z.output<typeof fileSchema>;

/** A question that was asked, when last, and its answer at the newest block that is kept. */
interface Remembered {
  readonly question: Question;
  askedMs: number;
  answer: Hex | undefined;
}

/** A run of energy that was asked for. */
interface RememberedHolding {
  holding: Holding;
  askedMs: number;
  answer: Hex | undefined;
  /** The run that `answer` is of. */
  answered: Holding | undefined;
}

/** What is not asked for so long is forgotten: an order that is gone, a slot that is past. */
const FORGET_MS = 12 * 3_600_000;
/** More than a community of 1,000 homes asks. */
const MOST_QUESTIONS = 100_000;

/** What the parts of a node ask of the chain, and what it last answered, on disk. */
export class Memory {
  readonly #file: string;
  readonly #deployment: Deployment;
  readonly #questions = new Map<string, Remembered>();
  readonly #holdings = new Map<string, RememberedHolding>();
  blocks: RawBlock[] = [];
  logs: RawLog[] = [];
  allLogsFrom = 0;

  /** @throws MendableError when the file is damaged or of another deployment. */
  constructor(file: string, deployment: Deployment, nowMs: number) {
    this.#file = file;
    this.#deployment = deployment;
    this.allLogsFrom = deployment.fromBlock;
    const kept = readKept(file, deployment);
    if (kept === undefined) return;
    this.blocks = kept.blocks;
    this.logs = kept.logs;
    this.allLogsFrom = kept.allLogsFrom;
    for (const { to, data, answer } of kept.questions) {
      const question = { to, data };
      this.#questions.set(keyOf(question), { question, askedMs: nowMs, answer });
    }
    for (const { holding, answer } of kept.holdings) {
      this.#holdings.set(holdingKey(holding), {
        holding,
        askedMs: nowMs,
        answer,
        answered: holding,
      });
    }
  }

  /** The newest block that all answers are of; undefined when nothing was read yet. */
  get head(): RawBlock | undefined {
    return this.blocks.at(-1);
  }

  /** Whether something was asked that has no answer yet. */
  get isLacking(): boolean {
    for (const { answer } of this.#questions.values()) if (answer === undefined) return true;
    for (const { holding, answered } of this.#holdings.values()) {
      if (answered === undefined || !covers(answered, holding)) return true;
    }
    return false;
  }

  ask(question: Question, nowMs: number): void {
    const key = keyOf(question);
    const known = this.#questions.get(key);
    if (known !== undefined) known.askedMs = nowMs;
    else if (this.#questions.size < MOST_QUESTIONS) {
      this.#questions.set(key, { question, askedMs: nowMs, answer: undefined });
    }
  }

  askEnergy(holding: Holding, nowMs: number): void {
    const key = holdingKey(holding);
    const known = this.#holdings.get(key);
    if (known === undefined) {
      this.#holdings.set(key, { holding, askedMs: nowMs, answer: undefined, answered: undefined });
      return;
    }
    known.holding = joined(known.holding, holding);
    known.askedMs = nowMs;
  }

  answerTo(question: Question): Hex | undefined {
    return this.#questions.get(keyOf(question))?.answer;
  }

  /** The run of blocks that is known of an account's energy, and its answer. */
  energyOf(holding: Holding): { readonly answered: Holding; readonly answer: Hex } | undefined {
    const known = this.#holdings.get(holdingKey(holding));
    if (known?.answer === undefined || known.answered === undefined) return undefined;
    return { answered: known.answered, answer: known.answer };
  }

  /** All that is to be asked anew, without what nobody has asked for long. */
  wanted(nowMs: number): {
    readonly questions: readonly Question[];
    readonly holdings: readonly Holding[];
  } {
    const isOld = ({ askedMs }: { readonly askedMs: number }) => nowMs - askedMs > FORGET_MS;
    for (const [key, each] of this.#questions) if (isOld(each)) this.#questions.delete(key);
    for (const [key, each] of this.#holdings) if (isOld(each)) this.#holdings.delete(key);
    return {
      questions: [...this.#questions.values()].map(({ question }) => question),
      holdings: [...this.#holdings.values()].map(({ holding }) => holding),
    };
  }

  /** Takes the answers of one block, all of them together; what the contract refuses to answer is forgotten. */
  take(
    questions: readonly (Question & { readonly answer: Hex | undefined })[],
    holdings: readonly { readonly holding: Holding; readonly answer: Hex | undefined }[],
  ): void {
    for (const { to, data, answer } of questions) {
      const key = keyOf({ to, data });
      const known = this.#questions.get(key);
      if (answer === undefined) this.#questions.delete(key);
      else if (known !== undefined) known.answer = answer;
    }
    for (const { holding, answer } of holdings) {
      const known = this.#holdings.get(holdingKey(holding));
      if (answer === undefined) this.#holdings.delete(holdingKey(holding));
      if (answer === undefined || known === undefined) continue;
      known.answer = answer;
      known.answered = holding;
    }
  }

  /** Writes everything down, whole. */
  save(): void {
    const { chainId, marketplace } = this.#deployment;
    const kept: Kept = {
      version: 1,
      chainId,
      marketplace,
      blocks: this.blocks,
      logs: this.logs,
      allLogsFrom: this.allLogsFrom,
      questions: [...this.#questions.values()].flatMap(({ question, answer }) =>
        answer === undefined ? [] : [{ ...question, answer }],
      ),
      holdings: [...this.#holdings.values()].flatMap(({ answered, answer }) =>
        answered === undefined || answer === undefined ? [] : [{ holding: answered, answer }],
      ),
    };
    writeWhole(this.#file, JSON.stringify(kept), 0o600);
  }
}

const covers = (wide: Holding, narrow: Holding): boolean =>
  wide.firstBlock <= narrow.firstBlock && narrow.lastBlock <= wide.lastBlock;

function readKept(file: string, { chainId, marketplace }: Deployment): Kept | undefined {
  if (!existsSync(file)) return undefined;
  let kept: Kept;
  try {
    kept = fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new MendableError(
      `${file} is damaged (${reason}). It holds what the chain last said; remove it while the chain is in reach, and it is made anew.`,
    );
  }
  if (kept.chainId === chainId && kept.marketplace.toLowerCase() === marketplace.toLowerCase()) {
    return kept;
  }
  throw new MendableError(
    `${file} is of the marketplace ${kept.marketplace} on chain ${kept.chainId}, the deployment says ${marketplace} on chain ${chainId}. Give this node a folder of its own.`,
  );
}

import { type Followed, NO_REORGANISATIONS, reorganised } from "@wattline/common/followed";
import { logRanges } from "@wattline/common/node";
import { Snapshot } from "@wattline/relay/chain";
import type { Deployment } from "@wattline/sdk";
import { type Hex, isAddressEqual, numberToHex, type PublicClient } from "viem";
import { isLasting } from "./answers.ts";
import { type Memory, type RawBlock, rawBlockSchema, rawLogsSchema } from "./memory.ts";
import { holdingQuestion, type Question } from "./questions.ts";

/**
 * All headers and logs of so many of the newest blocks are kept: a client that has read up to one of them can continue there, and
 * a reorganisation of that depth can be followed.
 */
const KEPT_BLOCKS = 512;
/** Of a question that may revert. */
const MOST_GAS = 5_000_000n;

/** Reads the chain while it is in reach, so that all that is kept is as of one block, the newest. */
export class ChainFollower {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #memory: Memory;
  readonly #now: () => number;
  #head: number | undefined;
  #reorganisations = NO_REORGANISATIONS;

  constructor(client: PublicClient, deployment: Deployment, memory: Memory, now: () => number) {
    this.#client = client;
    this.#deployment = deployment;
    this.#memory = memory;
    this.#now = now;
  }

  /** How far it has come; undefined while nothing is known of the chain. */
  get followed(): Followed | undefined {
    const { head } = this.#memory;
    if (head === undefined) return undefined;
    const block = Number(head.number);
    return {
      head: this.#head ?? block,
      block,
      blockTime: Number(head.timestamp),
      reorganisations: this.#reorganisations,
    };
  }

  /** Brings what is kept up to the newest block. @throws what the node throws; what was kept stays as it was */
  async follow(signal: AbortSignal): Promise<void> {
    const memory = this.#memory;
    const head = await this.#block("latest");
    if (head === undefined) return;
    this.#head = Number(head.number);
    if (memory.head?.hash === head.hash && !memory.isLacking) return;
    try {
      await this.#take(head, signal);
    } catch (error) {
      // Of a block that was replaced while it was read a node refuses to tell more: the next look reads what took its place.
      if (signal.aborted || (await this.#isOnChain(head))) throw error;
    }
  }

  async #take(head: RawBlock, signal: AbortSignal): Promise<void> {
    const memory = this.#memory;
    const common = await this.#common(head);
    const logs = memory.logs.filter(({ blockNumber }) => Number(blockNumber) <= common);
    const contracts = ["microgrids", "marketplace", "meters", "energy", "board"] as const;
    const addresses = contracts.map((name) => this.#deployment[name]);
    const fresh = logRanges(this.#client, addresses, common + 1, Number(head.number));
    const before = memory.head && Number(memory.head.number);
    let isQuiet = common === before;
    for await (const { answer } of fresh) {
      signal.throwIfAborted();
      const found = rawLogsSchema.parse(answer.map(rawLogOf));
      if (found.length > 0) isQuiet = false;
      logs.push(...found);
    }
    const oldest = Number(head.number) - KEPT_BLOCKS;
    const headers = await this.#headersTo(head, Math.max(common, oldest));
    // Without a log nothing has changed, and what is known holds at the new block, too.
    const answers = isQuiet && !memory.isLacking ? undefined : await this.#answers(head);
    if (headers === undefined || !(await this.#isOnChain(head))) return;
    if (before !== undefined && common < before) {
      this.#reorganisations = reorganised(this.#reorganisations, before - common);
    }
    memory.blocks = [
      ...memory.blocks.filter(({ number }) => Number(number) <= common && Number(number) > oldest),
      ...headers,
    ];
    memory.allLogsFrom = Math.max(memory.allLogsFrom, oldest + 1);
    memory.logs = logs.filter(
      (log) => Number(log.blockNumber) >= memory.allLogsFrom || isLasting(this.#deployment, log),
    );
    if (answers !== undefined) memory.take(answers.questions, answers.holdings);
    memory.save();
  }

  async #answers(head: RawBlock) {
    const at = { number: Number(head.number), hash: head.hash, time: Number(head.timestamp) };
    const view = new Snapshot(this.#client, this.#deployment, at, new Map(), false);
    const { questions, holdings } = this.#memory.wanted(this.#now());
    const askOf = async (question: Question): Promise<Hex | undefined> =>
      isAddressEqual(question.to, this.#deployment.marketplace) ||
      isAddressEqual(question.to, this.#deployment.meters)
        ? view.call(question.to, question.data)
        : view.ask(question.to, question.data, MOST_GAS);
    const [answered, held] = await Promise.all([
      Promise.all(questions.map(async (each) => ({ ...each, answer: await askOf(each) }))),
      Promise.all(
        holdings.map(async (holding) => ({
          holding,
          answer: await askOf(holdingQuestion(this.#deployment, holding)),
        })),
      ),
    ]);
    return { questions: answered, holdings: held };
  }

  /** The newest kept block that is still on the chain. */
  async #common(head: RawBlock): Promise<number> {
    for (const block of [...this.#memory.blocks].reverse()) {
      const number = Number(block.number);
      if (number > Number(head.number)) continue;
      const found = number === Number(head.number) ? head : await this.#block(block.number);
      if (found?.hash === block.hash) return number;
    }
    return this.#deployment.fromBlock - 1;
  }

  /** The headers after a block up to the newest one; undefined when they are not of one chain. */
  async #headersTo(head: RawBlock, after: number): Promise<RawBlock[] | undefined> {
    const count = Math.max(0, Number(head.number) - after - 1);
    const between = await Promise.all(
      Array.from({ length: count }, (_, i) => this.#block(numberToHex(after + 1 + i))),
    );
    const headers = Number(head.number) > after ? [...between, head] : [];
    const known = headers.filter((header) => header !== undefined);
    const isOneChain = known.every(
      ({ parentHash }, i) => i === 0 || parentHash === known[i - 1]?.hash,
    );
    return isOneChain && known.length === headers.length ? known : undefined;
  }

  async #isOnChain({ number, hash }: RawBlock): Promise<boolean> {
    return (await this.#block(number))?.hash === hash;
  }

  async #block(name: Hex | "latest"): Promise<RawBlock | undefined> {
    const block = await this.#client.request({
      method: "eth_getBlockByNumber",
      params: [name, false],
    });
    return block === null ? undefined : headerOf(rawBlockSchema.parse(block));
  }
}

/** Without what the block holds: nobody asks for that, and on a busy chain it is most of a block. */
const headerOf = ({ transactions: _, withdrawals: __, ...header }: RawBlock): RawBlock => header;

/** viem has read the numbers of a log; as a node gives them they are hexadecimal. */
const rawLogOf = (log: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(log).map(([name, value]) => [
      name,
      typeof value === "bigint" || typeof value === "number" ? numberToHex(value) : value,
    ]),
  );

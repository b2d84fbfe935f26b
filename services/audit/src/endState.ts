import {
  type Audit,
  type Check,
  type Contracts,
  type Fault,
  type Question,
  questionsOn,
  type UnseenCode,
} from "@wattline/sdk";
import { type Hex, zeroHash } from "viem";
import { type Header, quantity } from "./answers.ts";
import { pause, type Rpc } from "./rpc.ts";

/** Questions that are under way at a time. */
const AT_ONCE = 100;
/** How often a difference is asked about again before it is believed, and the pause before: a node can be behind. */
const ASKED_AGAIN = 2;
const AGAIN_MS = 400;

/** A question whose answer was not what the history comes to. */
export interface Difference {
  readonly question: Question;
  readonly fault: Fault;
}

/** What a comparison with the chain's state came to. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Questions that were answered. */
  readonly answered: ReadonlyMap<Check, number>;
  /** Questions that were not, and why the first of them was not. */
  readonly unanswered: ReadonlyMap<Check, { count: number; readonly why: UnseenCode }>;
  /** Whether the node no longer has the state of the block: it may still have a later one. */
  readonly isForgotten: boolean;
}

/** What a question came to. */
export type Reply =
  | { readonly outcome: "holds" }
  | { readonly outcome: "differs"; readonly fault: Fault }
  | { readonly outcome: "unknown"; readonly why: UnseenCode };

/**
 * Asks the chain at a block everything that the rebuilt state can be asked about. Once the node has forgotten the state of
 * the block, or answers nothing any more, the questions that are left are not asked.
 * @param onProgress Told how many questions are done.
 */
export async function compareState(
  rpc: Rpc,
  { state }: Pick<Audit, "state">,
  contracts: Contracts,
  end: Header,
  signal: AbortSignal,
  onProgress: (done: number) => void = () => {},
): Promise<Comparison> {
  const answered = new Map<Check, number>();
  const unanswered = new Map<Check, { count: number; why: UnseenCode }>();
  let differences: Difference[] = [];
  let given: UnseenCode | undefined;
  let done = 0;
  let batch: Question[] = [];
  for (const question of questionsOn(state, contracts, end.timestamp)) {
    batch.push(question);
    if (batch.length === AT_ONCE) await askBatch();
  }
  await askBatch();
  for (let round = 0; round < ASKED_AGAIN && differences.length > 0; round++) {
    await pause(AGAIN_MS, signal);
    differences = await stillDiffering(differences);
  }
  return { differences, answered, unanswered, isForgotten: given === "state-forgotten" };

  async function askBatch(): Promise<void> {
    const replies = await repliesTo(batch);
    for (const [question, reply] of replies) {
      if (reply.outcome === "unknown") leave(question, reply.why);
      else answered.set(question.check, (answered.get(question.check) ?? 0) + 1);
      if (reply.outcome === "differs") differences.push({ question, fault: reply.fault });
    }
    const whys = replies.flatMap(([, reply]) => (reply.outcome === "unknown" ? [reply.why] : []));
    if (whys.includes("state-forgotten")) given = "state-forgotten";
    else if (whys.length > 0 && whys.length === replies.length) given = whys[0];
    done += batch.length;
    batch = [];
    onProgress(done);
  }

  async function repliesTo(questions: readonly Question[]) {
    const why = given;
    if (why !== undefined) {
      return questions.map((each) => [each, { outcome: "unknown", why } satisfies Reply] as const);
    }
    return Promise.all(
      questions.map(async (each) => [each, await answerOf(rpc, each, end)] as const),
    );
  }

  async function stillDiffering(before: readonly Difference[]): Promise<Difference[]> {
    const still: Difference[] = [];
    for (let at = 0; at < before.length; at += AT_ONCE) {
      const questions = before.slice(at, at + AT_ONCE).map(({ question }) => question);
      const replies = await Promise.all(questions.map((each) => answerOf(rpc, each, end)));
      for (const [index, question] of questions.entries()) {
        const reply = replies[index];
        if (reply?.outcome === "differs") still.push({ question, fault: reply.fault });
        if (reply?.outcome !== "unknown") continue;
        answered.set(question.check, (answered.get(question.check) ?? 1) - 1);
        leave(question, reply.why);
      }
    }
    return still;
  }

  function leave({ check }: Question, why: UnseenCode): void {
    const known = unanswered.get(check);
    if (known === undefined) unanswered.set(check, { count: 1, why });
    else known.count++;
  }
}

/** What the chain's answer at a block says. */
export async function answerOf(
  rpc: Rpc,
  question: Question,
  { number }: Pick<Header, "number">,
): Promise<Reply> {
  const { from, to, data } = question;
  const call = { ...(from !== undefined && { from }), to, data };
  const outcome = await rpc.call(call, quantity(number));
  if (outcome.kind === "unknown") return { outcome: "unknown", why: outcome.why };
  const fault = faultIn(question, outcome.kind === "answer" ? outcome.data : undefined);
  return fault === undefined ? { outcome: "holds" } : { outcome: "differs", fault };
}

function faultIn(question: Question, answer: Hex | undefined): Fault | undefined {
  try {
    return question.judge(answer);
  } catch {
    return { code: "senseless-answer", values: { answer: answer ?? "" } };
  }
}

/** A finding that no transaction could be named for. */
export const NO_TRANSACTION = zeroHash;

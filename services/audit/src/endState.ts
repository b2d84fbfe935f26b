import { type Audit, type Contracts, type Fault, type Question, questionsOn } from "@wattline/sdk";
import { type Hex, zeroHash } from "viem";
import { RpcError } from "./errors.ts";
import { hexOf, type Rpc } from "./rpc.ts";
import { type Header, quantity } from "./source.ts";

/** Questions that are under way at a time. */
const AT_ONCE = 100;

/** A question whose answer was not what the history comes to. */
export interface Difference {
  readonly question: Question;
  readonly fault: Fault;
}

/**
 * Asks the chain at a block everything that the rebuilt state can be asked about.
 * @param onProgress Told how many questions are answered.
 */
export async function compareState(
  rpc: Rpc,
  audit: Pick<Audit, "state" | "tally">,
  contracts: Contracts,
  end: Header,
  onProgress: (done: number) => void = () => {},
): Promise<Difference[]> {
  const differences: Difference[] = [];
  let done = 0;
  let batch: Question[] = [];
  for (const question of questionsOn(audit.state, contracts, end.timestamp)) {
    batch.push(question);
    if (batch.length === AT_ONCE) await askBatch();
  }
  await askBatch();
  return differences;

  async function askBatch(): Promise<void> {
    const faults = await Promise.all(batch.map((question) => answerOf(rpc, question, end)));
    batch.forEach((question, index) => {
      audit.tally.checked(question.check);
      const fault = faults[index];
      if (fault !== undefined) differences.push({ question, fault });
    });
    done += batch.length;
    batch = [];
    onProgress(done);
  }
}

/** What is wrong with the chain's answer at a block, or undefined. */
export async function answerOf(
  rpc: Rpc,
  question: Question,
  { number }: Pick<Header, "number">,
): Promise<Fault | undefined> {
  const { from, to, data } = question;
  const params = [{ ...(from !== undefined && { from }), to, data }, quantity(number)];
  const isTrial = from !== undefined;
  let answer: Hex | undefined;
  try {
    answer = hexOf(await rpc.request("eth_call", params, isTrial ? 2 : undefined), "answer");
  } catch (error) {
    // A trial that the contract refuses is an answer, a view that fails is none.
    if (!isTrial || !(error instanceof RpcError)) throw error;
  }
  try {
    return question.judge(answer);
  } catch {
    return { code: "senseless-answer", values: { answer: answer ?? "" } };
  }
}

/** A finding that no transaction could be named for. */
export const NO_TRANSACTION = zeroHash;

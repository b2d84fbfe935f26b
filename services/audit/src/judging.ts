import type { Audit, Told } from "@wattline/sdk";
import type { Header } from "./answers.ts";
import { type Comparison, type Difference, NO_TRANSACTION } from "./endState.ts";
import { RpcError } from "./errors.ts";
import { locate, type Parting } from "./locate.ts";
import type { Rpc } from "./rpc.ts";
import type { Source } from "./source.ts";
import type { Subject } from "./whereabouts.ts";

/** Books what a comparison with the chain's state came to; what differs is traced back to a transaction. */
export async function bookComparison(
  {
    rpc,
    subject,
    source,
  }: { readonly rpc: Rpc; readonly subject: Subject; readonly source: Source },
  { tally }: Pick<Audit, "tally">,
  end: Header,
  { answered, unanswered, differences }: Comparison,
): Promise<void> {
  for (const [check, count] of answered) tally.checked(check, count);
  for (const [check, { count, why }] of unanswered) tally.unseen(check, why, count);
  if (differences.length === 0) return;
  const partings = await locate(rpc, source, subject, end, differences).catch(
    (error: unknown): ReadonlyMap<string, Parting> => {
      // What differs is known; where it began is not.
      if (error instanceof RpcError) return new Map();
      throw error;
    },
  );
  for (const difference of differences) tally.found(findingOf(difference, partings, end));
}

function findingOf(
  { question, fault: { code, values } }: Difference,
  partings: ReadonlyMap<string, Parting>,
  end: Header,
): Told {
  const { block = end.number, transaction = NO_TRANSACTION } = partings.get(question.subject) ?? {};
  return {
    check: question.check,
    block,
    transaction,
    code,
    values: { ...values, asked: question.subject, expected: question.expects.slice(0, 200) },
  };
}

import type { Audit, Told } from "@wattline/sdk";
import { compareState, type Difference, NO_TRANSACTION } from "./endState.ts";
import { locate } from "./locate.ts";
import type { Rpc } from "./rpc.ts";
import type { Header, Source } from "./source.ts";
import type { Subject } from "./whereabouts.ts";

/** Compares with the chain's state; what differs is traced back to a transaction. */
export async function judgeEnd(
  {
    rpc,
    subject,
    source,
  }: { readonly rpc: Rpc; readonly subject: Subject; readonly source: Source },
  audit: Audit,
  end: Header,
  onProgress?: (done: number) => void,
): Promise<void> {
  const differences = await compareState(rpc, audit, subject.contracts, end, onProgress);
  if (differences.length === 0) return;
  const partings = await locate(rpc, source, subject, end, differences);
  for (const difference of differences) audit.tally.found(findingOf(difference, partings, end));
}

function findingOf(
  { question, fault: { code, values } }: Difference,
  partings: Awaited<ReturnType<typeof locate>>,
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

import { UNSEEN, type Verdict } from "@wattline/sdk";

/** What a check came to in one word. */
export type Outcome = "passed" | "failed" | "in part" | "nothing to check";

export function outcomeOf({ failed, checked, unseen }: Verdict): Outcome {
  if (failed > 0) return "failed";
  if (unseen > 0) return "in part";
  return checked === 0 ? "nothing to check" : "passed";
}

const MARKS: Readonly<Record<Outcome, string>> = {
  passed: "✓",
  failed: "✗",
  "in part": "~",
  "nothing to check": "·",
};

/** A verdict in a line, and the first transaction that broke it in a second one. */
export function lineOf(verdict: Verdict): string {
  const { title, failed, first } = verdict;
  const line = `${MARKS[outcomeOf(verdict)]} ${title}: ${countsOf(verdict)}`;
  if (failed === 0 || first === undefined) return line;
  return `${line}\n    block ${first.block}, transaction ${first.transaction}: ${first.message}`;
}

/** How much was checked, failed and could not be seen. */
export function countsOf({ checked, failed, unseen, unseenWhy }: Verdict): string {
  const parts = [`${checked.toLocaleString("en")} checked`];
  if (failed > 0) parts.push(`${failed.toLocaleString("en")} failed`);
  if (unseen > 0)
    parts.push(
      `${unseen.toLocaleString("en")} not to be judged: ${unseenWhy && UNSEEN[unseenWhy]}`,
    );
  return parts.join(", ");
}

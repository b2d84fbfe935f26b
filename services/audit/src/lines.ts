import { formatKwh, type StorageTotal, UNSEEN, type Verdict } from "@wattline/sdk";

/** What a check came to, or all of them together. */
export type Outcome = "passed" | "failed" | "in part" | "not judged" | "nothing to check";

export function outcomeOf({
  failed,
  checked,
  unseen,
}: Pick<Verdict, "failed" | "checked" | "unseen">): Outcome {
  if (failed > 0) return "failed";
  if (unseen > 0) return checked > 0 ? "in part" : "not judged";
  return checked === 0 ? "nothing to check" : "passed";
}

/** What an audit came to as a whole. */
export const outcomeOfAll = (verdicts: readonly Verdict[]): Outcome =>
  outcomeOf(
    verdicts.reduce(
      (sum, { failed, checked, unseen }) => ({
        failed: sum.failed + failed,
        checked: sum.checked + checked,
        unseen: sum.unseen + unseen,
      }),
      { failed: 0, checked: 0, unseen: 0 },
    ),
  );

/** What an audit came to, as a sentence without its end. */
export function conclusionOf(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter((verdict) => verdict.failed > 0).length;
  switch (outcomeOfAll(verdicts)) {
    case "failed":
      return failed === 1 ? "1 check FAILS" : `${failed} checks FAIL`;
    case "passed":
      return "Every check passes";
    case "in part":
      return "No check fails, and not everything could be judged";
    case "not judged":
      return "Nothing could be judged";
    case "nothing to check":
      return "There was nothing to check";
  }
}

const MARKS: Readonly<Record<Outcome, string>> = {
  passed: "✓",
  failed: "✗",
  "in part": "~",
  "not judged": "?",
  "nothing to check": "·",
};

/** A verdict in a line, and the first transaction that broke it in a second one. */
export function lineOf(verdict: Verdict): string {
  const { title, failed, first } = verdict;
  const line = `${MARKS[outcomeOf(verdict)]} ${title}: ${countsOf(verdict)}`;
  if (failed === 0 || first === undefined) return line;
  return `${line}\n    block ${first.block}, transaction ${first.transaction}: ${first.message}`;
}

/**
 * What batteries exported and how much of it is renewable, and each battery of which that is not all; none without
 * batteries.
 */
export function storageLinesOf(totals: readonly StorageTotal[]): string[] {
  if (totals.length === 0) return [];
  const sum = (wh: (each: StorageTotal) => bigint): string =>
    formatKwh(totals.reduce((all, each) => all + wh(each), 0n));
  const exported = sum(({ exportedWh }) => exportedWh);
  const renewable = sum(({ renewableWh }) => renewableWh);
  const lacking = totals.filter(({ exportedWh, renewableWh }) => exportedWh > renewableWh);
  return [
    `Storage: batteries exported ${exported}, of which ${renewable} are renewable`,
    ...lacking.map(
      ({ meter, microgrid, exportedWh, renewableWh, chargedWh }) =>
        `    ${meter} in microgrid ${microgrid}: ${formatKwh(exportedWh - renewableWh)} of ${formatKwh(exportedWh)} are not: ${formatKwh(chargedWh)} of renewable energy were retired to charge it`,
    ),
  ];
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

import { useLingui } from "@lingui/react/macro";
import type { AskedId } from "./worker/messages.ts";

/** Where a question arises in a file. */
interface Where {
  readonly row?: number;
  readonly column?: string;
}

/** The questions about a file in the reader's language. */
export function useQuestionWords(): (id: AskedId, where: Where) => string {
  const { t } = useLingui();
  return (id, { row = 0, column = "" }) => {
    switch (id) {
      case "timeZone":
        return t`By which clock are its times?`;
      case "unit":
        return t`In which unit are the values in “${column}”?`;
      case "stamp":
        return t`Does “${column}” say when an interval starts or ends?`;
      case "direction":
        return t`What does “${column}” count?`;
      case "valueKind":
        return t`Is “${column}” the energy of each interval, or a register that counts on?`;
      case "dateOrder":
        return t`Does the day or the month come first?`;
      case "decimalMark":
        return t`Which mark comes before decimals?`;
      case "repeatedHour":
        return t`The clock showed the hour of row ${row} twice, and the file has it once: which is it?`;
      case "skippedHour":
        return t`The clock never showed the hour of row ${row}, and there is energy in it: leave it out, or change the clock?`;
      case "overlaps":
        return t`From row ${row} on, times are there twice: which values count?`;
      case "negative":
        return t`From row ${row} on, there are values below zero: what to do with them?`;
      case "estimated":
        return t`Some values are estimates: do they count?`;
    }
  };
}

/** An answer in the reader's language; units, time zones and marks as they are. */
export function useAnswerWords(): (choice: string) => string {
  const { t } = useLingui();
  return (choice) => {
    const words: Readonly<Record<string, string>> = {
      start: t`when it starts`,
      end: t`when it ends`,
      dmy: t`the day`,
      mdy: t`the month`,
      energy: t`energy of each interval`,
      register: t`a register`,
      import: t`what is drawn from the grid`,
      export: t`what is fed into the grid`,
      production: t`what the panels make`,
      earlier: t`the earlier one`,
      later: t`the later one`,
      both: t`both in one`,
      bothBefore: t`both are in the row before`,
      leaveOut: t`leave out`,
      asZero: t`count them as zero`,
      keepFirst: t`the first`,
      keepLast: t`the last`,
      keep: t`they count`,
    };
    return words[choice] ?? choice;
  };
}

import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { localZone } from "../browser/index.ts";
import { Button, Card, Field, RowsTable, Select } from "../ui/index.ts";
import { useAnswerWords, useQuestionWords } from "./questionWords.ts";
import type { Asked, AskedId, ChosenFile } from "./worker/messages.ts";

/** What files don't say is asked, beside their first rows. */
export function QuestionsCard({
  asked,
  files,
  onAnswer,
}: {
  readonly asked: readonly Asked[];
  readonly files: readonly ChosenFile[];
  onAnswer(files: readonly ChosenFile[]): void;
}) {
  const [first] = asked;
  if (first === undefined) return null;
  return (
    <FileQuestions
      key={`${first.index} ${first.questions.map(({ id }) => id).join(" ")}`}
      asked={first}
      onAnswer={(answers) =>
        onAnswer(
          files.map((chosen, index) =>
            index === first.index ? answered(chosen, answers) : chosen,
          ),
        )
      }
    />
  );
}

type Given = { readonly [id in AskedId]?: string };

/** Answers and decisions are kept apart: a decision needs no second reading. */
function answered({ file, answers, decisions }: ChosenFile, given: Given): ChosenFile {
  const { overlaps, negative, estimated, ...more } = given;
  return {
    file,
    answers: { ...answers, ...more },
    decisions: {
      ...decisions,
      ...(isOneOf(overlaps, ["keepFirst", "keepLast"]) && { overlaps }),
      ...(isOneOf(negative, ["leaveOut", "asZero"]) && { negative }),
      ...(isOneOf(estimated, ["keep", "leaveOut"]) && { estimated }),
    },
  };
}

const isOneOf = <Choice extends string>(
  given: string | undefined,
  choices: readonly Choice[],
): given is Choice => choices.some((choice) => choice === given);

function FileQuestions({
  asked,
  onAnswer,
}: {
  readonly asked: Asked;
  onAnswer(given: Given): void;
}) {
  const questionWords = useQuestionWords();
  const answerWords = useAnswerWords();
  const { name, preview } = asked;
  // Energy in an hour that the clock skipped may mean that the file's clock is another one.
  const questions = asked.questions.some(({ id }) => id === "skippedHour")
    ? [...asked.questions, { id: "timeZone" as const, choices: [] }]
    : asked.questions;
  const [given, setGiven] = useState<Given>(() =>
    questions.some(({ id }) => id === "timeZone") ? { timeZone: localZone() } : {},
  );
  const isReady = questions.every(({ id }) => given[id] !== undefined);
  return (
    <Card title={<Trans>What {name} does not say</Trans>}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onAnswer(given);
        }}
      >
        <div className="grid gap-3 sm:grid-cols-2">
          {questions.map(({ id, choices, ...where }) => (
            <Field key={id} label={questionWords(id, where)}>
              {(control) => (
                <Select
                  {...control}
                  value={given[id] ?? ""}
                  onChange={({ target }) => setGiven({ ...given, [id]: target.value })}
                >
                  {given[id] === undefined && <option value="">–</option>}
                  {(id === "timeZone" ? timeZones() : choices).map((choice) => (
                    <option key={choice} value={choice}>
                      {answerWords(choice)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          ))}
        </div>
        <Rows {...preview} />
        <Button type="submit" look="primary" disabled={!isReady} className="self-start">
          <Trans>Go on</Trans>
        </Button>
      </form>
    </Card>
  );
}

/** Every zone of this browser, and clocks without summer time. */
const timeZones = (): string[] => [
  ...new Set([localZone(), ...Intl.supportedValuesOf("timeZone"), "UTC"]),
  ...Array.from({ length: 27 }, (_, index) => index - 12).map(
    (hours) => `${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`,
  ),
];

function Rows({ columns, rows }: Asked["preview"]) {
  const { t } = useLingui();
  const names = columns.join("\n");
  const shown = rows.filter((row) => row.join("\n") !== names).slice(0, 6);
  return (
    <RowsTable
      className="text-sm whitespace-nowrap"
      caption={t`The first rows of the file`}
      head={columns}
      rows={shown}
    />
  );
}

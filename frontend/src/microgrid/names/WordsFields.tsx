import { Trans, useLingui } from "@lingui/react/macro";
import { LONGEST_NAME, LONGEST_STREET, nameFault, streetFault } from "@wattline/sdk";
import { Field, Input } from "../../ui/index.ts";
import { tidy, type Words } from "./words.ts";

/** What keeps words from being published; undefined for a field that is fine. */
export type WordsFaults = Partial<Record<keyof Words, string>>;

/** What is wrong with words in themselves. */
export function useFaultsOf(): (words: Words) => WordsFaults {
  const { t } = useLingui();
  return (words) => {
    const { name, street } = tidy(words);
    return {
      ...(name !== "" &&
        nameFault(name) !== undefined && {
          name: t`At most ${LONGEST_NAME} characters, all of them visible, and not like an address.`,
        }),
      ...(streetFault(street) !== undefined && {
        street: t`At most ${LONGEST_STREET} characters, all of them visible.`,
      }),
    };
  };
}

/** The fields of a name and a street. */
export function WordsFields({
  words,
  faults,
  onChange,
}: {
  readonly words: Words;
  readonly faults: WordsFaults;
  onChange(words: Words): void;
}) {
  return (
    <div className="grid items-start gap-3 sm:grid-cols-2">
      <Field label={<Trans>Name or pseudonym</Trans>} error={faults.name}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            value={words.name}
            onChange={({ target }) => onChange({ ...words, name: target.value })}
          />
        )}
      </Field>
      <Field label={<Trans>Street, if it may be known</Trans>} error={faults.street}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            value={words.street}
            onChange={({ target }) => onChange({ ...words, street: target.value })}
          />
        )}
      </Field>
    </div>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { useNetwork } from "../../chain/index.ts";
import {
  amountFault,
  decimalMark,
  Field,
  formatMoney,
  Input,
  parseAmount,
  typedAmount,
  unitOf,
} from "../../ui/index.ts";

/** A field for an amount of money, with an optional limit and a button for all of it. */
export function AmountField({
  label,
  text,
  onChange,
  most,
}: {
  readonly label: string;
  readonly text: string;
  onChange(text: string): void;
  /** Base units; any amount when left out. */
  readonly most?: bigint;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const { decimals } = currency;
  const amount = parseAmount(text, decimals);
  const limit = most === undefined ? "" : formatMoney(most, currency);
  const error =
    text.trim() === ""
      ? undefined
      : amount === undefined
        ? amountFault(text, t`Enter an amount such as 12.50.`)
        : most !== undefined && amount > most
          ? t`That is more than the available ${limit}.`
          : undefined;
  return (
    <Field
      label={label}
      error={error}
      hint={
        most !== undefined &&
        most > 0n && (
          <button
            type="button"
            className="rounded-md underline underline-offset-4"
            onClick={() => onChange(typedAmount(most, decimals))}
          >
            <Trans>All {limit}</Trans>
          </button>
        )
      }
    >
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          autoComplete="off"
          unit={unitOf(currency)}
          placeholder={`0${decimalMark()}00`}
          value={text}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}

/** The typed amount, when it is above zero and at most `most`. Base units. */
export function amountIn(text: string, decimals: number, most?: bigint): bigint | undefined {
  const amount = parseAmount(text, decimals);
  if (amount === undefined || amount === 0n) return undefined;
  return most !== undefined && amount > most ? undefined : amount;
}

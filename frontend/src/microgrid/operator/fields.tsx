import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { type Address, isAddress } from "viem";
import { useNetwork } from "../../chain/index.ts";
import {
  amountFault,
  Field,
  HexInput,
  Input,
  parseAmount,
  typedAmount,
  unitOf,
} from "../../ui/index.ts";

/** A typed value: its text, and the value that it gives; undefined while it is not valid. */
export interface Typed<Value> {
  readonly text: string;
  readonly value: Value | undefined;
  set(text: string): void;
}

/** State of a typed value, parsed by `read` on every change. */
export function useTyped<Value>(
  first: string,
  read: (text: string) => Value | undefined,
): Typed<Value> {
  const [text, set] = useState(first);
  return { text, value: read(text), set };
}

/** A price per kWh in the network's currency. */
export function useTypedPrice(first: bigint | undefined): Typed<bigint> {
  const { decimals } = useNetwork().currency;
  return useTyped(first === undefined ? "" : typedAmount(first, decimals), (text) =>
    parseAmount(text, decimals),
  );
}

/** An amount with a fixed number of decimals: 3 for kWh read as Wh. */
export const useTypedAmount = (first: bigint | undefined, decimals: number): Typed<bigint> =>
  useTyped(first === undefined ? "" : typedAmount(first, decimals), (text) =>
    parseAmount(text, decimals),
  );

export const useTypedAddress = (first = ""): Typed<Address> =>
  useTyped(first, (text) => (isAddress(text, { strict: false }) ? text : undefined));

interface Props<Value> {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly typed: Typed<Value>;
}

function NumberField({
  label,
  hint,
  typed,
  unit,
  problem,
}: Props<bigint> & { readonly unit: ReactNode; readonly problem: string }) {
  const isWrong = typed.text.trim() !== "" && typed.value === undefined;
  return (
    <Field label={label} hint={hint} error={isWrong ? amountFault(typed.text, problem) : undefined}>
      {(control) => (
        <Input
          {...control}
          unit={unit}
          inputMode="decimal"
          autoComplete="off"
          value={typed.text}
          onChange={({ target }) => typed.set(target.value)}
        />
      )}
    </Field>
  );
}

export function PriceField(props: Props<bigint>) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  return (
    <NumberField {...props} unit={`${unitOf(currency)}/kWh`} problem={t`This is not a price.`} />
  );
}

export function EnergyField(props: Props<bigint>) {
  const { t } = useLingui();
  return <NumberField {...props} unit="kWh" problem={t`This is not an amount of energy.`} />;
}

export function AmountField({ unit, ...props }: Props<bigint> & { readonly unit: string }) {
  const { t } = useLingui();
  return <NumberField {...props} unit={unit} problem={t`This is not a valid number.`} />;
}

export function AddressField({ label, hint, typed }: Props<Address>) {
  const { t } = useLingui();
  const isWrong = typed.text !== "" && typed.value === undefined;
  return (
    <Field
      label={label}
      hint={hint}
      error={
        isWrong ? t`This is not an account: an address is 0x and 40 hexadecimal digits.` : undefined
      }
    >
      {(control) => (
        <HexInput
          {...control}
          value={typed.text}
          onChange={({ target }) => typed.set(target.value)}
        />
      )}
    </Field>
  );
}

/** Says that the form is incomplete. */
export const Incomplete = () => (
  <p className="text-sm text-muted">
    <Trans>Fill in every field first.</Trans>
  </p>
);

import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { type Address, isAddress } from "viem";
import { useNetwork } from "../../chain/index.ts";
import { amountFault, Field, Input, parseAmount, typedAmount, unitOf } from "../../ui/index.ts";

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
  useTyped(first, (text) => {
    const trimmed = text.trim();
    return isAddress(trimmed, { strict: false }) ? trimmed : undefined;
  });

interface Props<Value> {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly typed: Typed<Value>;
}

function TypedField<Value>({
  label,
  hint,
  typed,
  unit,
  problem,
  mono = false,
}: Props<Value> & {
  readonly unit?: ReactNode;
  readonly problem: string;
  readonly mono?: boolean;
}) {
  const isWrong = typed.text.trim() !== "" && typed.value === undefined;
  return (
    <Field
      label={label}
      hint={hint}
      error={isWrong ? (mono ? problem : amountFault(typed.text, problem)) : undefined}
    >
      {(control) => (
        <Input
          {...control}
          {...(unit !== undefined && { unit })}
          {...(mono && { placeholder: "0x…", spellCheck: false })}
          inputMode={mono ? "text" : "decimal"}
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
    <TypedField {...props} unit={`${unitOf(currency)}/kWh`} problem={t`This is not a price.`} />
  );
}

export function EnergyField(props: Props<bigint>) {
  const { t } = useLingui();
  return <TypedField {...props} unit="kWh" problem={t`This is not an amount of energy.`} />;
}

export function AmountField({ unit, ...props }: Props<bigint> & { readonly unit: string }) {
  const { t } = useLingui();
  return <TypedField {...props} unit={unit} problem={t`This is not a valid number.`} />;
}

export function AddressField(props: Props<Address>) {
  const { t } = useLingui();
  return (
    <TypedField
      {...props}
      mono
      problem={t`This is not an account: an address is 0x and 40 hexadecimal digits.`}
    />
  );
}

/** Says that the form is incomplete. */
export const Incomplete = () => (
  <p className="text-sm text-muted">
    <Trans>Fill in every field first.</Trans>
  </p>
);

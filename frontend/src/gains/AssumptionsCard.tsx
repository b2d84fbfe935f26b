import { Trans, useLingui } from "@lingui/react/macro";
import { Shuffle } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import { amountFault, Button, Card, Field, Input, parseAmount, typedAmount } from "../ui/index.ts";
import { studyUnit } from "./assumptions.ts";
import { type GainsSearch, MOST, MOST_PRICE } from "./search.ts";
import type { GainsChange } from "./useSearch.ts";
import { USUAL } from "./usual.ts";

type Name = Exclude<keyof typeof USUAL, "street"> | "price";

/** The neighbours, the tariffs, the place and the battery. */
export function AssumptionsCard({
  search,
  hasFriends,
  onChange,
}: {
  readonly search: GainsSearch;
  readonly hasFriends: boolean;
  onChange(change: GainsChange): void;
}) {
  const { t } = useLingui();
  const { symbol, decimals } = studyUnit(useNetwork().currency);
  const perKwh = `${symbol === "tEUR" ? "€" : symbol}/kWh`;
  const { street = USUAL.street, neighbours = USUAL.neighbours } = search;
  /** A field of a number in the search, written with `places` decimals. */
  const field = (
    name: Name,
    label: string,
    {
      places = 0,
      ...rest
    }: Omit<NumberProps, "label" | "value" | "places" | "onChange"> & {
      readonly places?: number;
    },
  ) => (
    <NumberField
      key={`${name} ${search[name]}`}
      label={label}
      places={places}
      value={search[name] ?? (name === "price" ? undefined : USUAL[name])}
      onChange={(value) => onChange({ [name]: value })}
      {...rest}
    />
  );
  const price = { places: decimals, least: 0, most: MOST_PRICE, unit: perKwh };
  const degrees = { places: 1, unit: "°" };
  return (
    <Card title={<Trans>Assumptions</Trans>}>
      <div className="flex flex-col gap-5">
        {!hasFriends && (
          <Group title={<Trans>A made-up street</Trans>}>
            {field("neighbours", t`Neighbours`, { least: 1, most: MOST.neighbours })}
            {field("roofs", t`With solar panels`, { least: 0, most: neighbours })}
            <Button
              size="small"
              className="col-span-2 justify-self-start"
              onClick={() => onChange({ street: (street % MOST.street) + 1 })}
            >
              <Shuffle aria-hidden="true" className="size-4" />
              <Trans>Another street</Trans>
            </Button>
          </Group>
        )}
        <Group title={<Trans>Tariffs</Trans>}>
          {field("retail", t`Retail tariff`, price)}
          {field("feedIn", t`Feed-in tariff`, price)}
          {field("price", t`Community price`, {
            ...price,
            hint: t`Empty: the middle of both.`,
            optional: true,
          })}
          {field("fee", t`Network fee`, { ...price, hint: t`Part of the price.` })}
        </Group>
        <Group title={<Trans>Battery</Trans>}>
          {field("battery", t({ message: "Capacity", context: "a battery" }), {
            least: 0,
            most: MOST.batteryKwh,
            unit: "kWh",
          })}
          {field("power", t`Power`, { least: 1, most: MOST.batteryKw, unit: "kW" })}
          {field("efficiency", t`Gives back`, { least: 1, most: 100, unit: "%" })}
        </Group>
        {!hasFriends && (
          <Group title={<Trans>Place</Trans>}>
            {field("latitude", t`Latitude`, { ...degrees, least: -650, most: 650 })}
            {field("longitude", t`Longitude`, { ...degrees, least: -1800, most: 1800 })}
          </Group>
        )}
      </div>
    </Card>
  );
}

function Group({ title, children }: { readonly title: ReactNode; readonly children: ReactNode }) {
  return (
    <fieldset className="grid grid-cols-2 items-start gap-3">
      <legend className="mb-2 text-sm font-bold text-muted">{title}</legend>
      {children}
    </fieldset>
  );
}

interface NumberProps {
  readonly label: string;
  /** In units of 10^-places. */
  readonly value: number | undefined;
  readonly places: number;
  readonly least: number;
  readonly most: number;
  readonly unit?: string;
  readonly hint?: string;
  /** Whether it may be empty. */
  readonly optional?: boolean;
  onChange(value: number | undefined): void;
}

/** A number that counts when the field is left, or on Enter. */
function NumberField({
  label,
  value,
  places,
  least,
  most,
  unit,
  hint,
  optional = false,
  onChange,
}: NumberProps) {
  const { t } = useLingui();
  const shown = value === undefined ? "" : signedText(value, places);
  const [text, setText] = useState(shown);
  const [error, setError] = useState<string>();
  const [low, high] = [signedText(least, places), signedText(most, places)];

  /** What is wrong with the text, or its value. */
  function judge(): { readonly fault: string } | { readonly value: number | undefined } {
    if (optional && text.trim() === "") return { value: undefined };
    const read = readSigned(text, places);
    if (read === undefined) return { fault: amountFault(text, t`Write a number, such as ${low}.`) };
    if (read < least || read > most) return { fault: t`Write a number from ${low} to ${high}.` };
    return { value: read };
  }

  function commit(): void {
    const judged = judge();
    setError("fault" in judged ? judged.fault : undefined);
    if ("value" in judged && judged.value !== value) onChange(judged.value);
  }

  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <Input
          {...control}
          inputMode={least < 0 ? "text" : "decimal"}
          value={text}
          {...(unit !== undefined && { unit })}
          onChange={({ target }) => setText(target.value)}
          onBlur={commit}
          onKeyDown={({ key }) => key === "Enter" && commit()}
        />
      )}
    </Field>
  );
}

const MINUS = /^\s*[-−]/;

function readSigned(text: string, places: number): number | undefined {
  const size = parseAmount(text.replace(MINUS, ""), places);
  if (size === undefined) return undefined;
  return Number(MINUS.test(text) ? -size : size);
}

const signedText = (value: number, places: number): string =>
  `${value < 0 ? "-" : ""}${typedAmount(BigInt(Math.abs(value)), places)}`;

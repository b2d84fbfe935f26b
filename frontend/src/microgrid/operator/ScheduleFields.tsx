import { Trans, useLingui } from "@lingui/react/macro";
import { type Level, MIDDLE, packHours } from "@wattline/sdk";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useNetwork } from "../../chain/index.ts";
import { Button, Field, parseAmount, Select, typedAmount } from "../../ui/index.ts";
import { PriceField } from "./fields.tsx";

const HOURS = 24;
const MOST_LEVELS = 4;

const PRICES = ["feedIn", "retail", "price", "fee", "cap"] as const;
type PriceName = (typeof PRICES)[number];

/** Prices of some hours as they are typed. All but the first level are for the hours from `from` to before `to`. */
interface TypedLevel extends Readonly<Record<PriceName, string>> {
  readonly from: number;
  readonly to: number;
}

/** A schedule as the contract takes it. */
export interface ScheduleArguments {
  readonly levelOfHour: number;
  readonly levels: readonly Readonly<Record<PriceName, bigint>>[];
}

export interface TypedSchedule {
  readonly levels: readonly TypedLevel[];
  set(levels: readonly TypedLevel[]): void;
  /** Undefined while a price is missing. */
  readonly schedule: ScheduleArguments | undefined;
}

const EMPTY: TypedLevel = { feedIn: "", retail: "", price: "", fee: "", cap: "", from: 0, to: 24 };

/** The form fields of prices by hour of day. */
export function useTypedSchedule(first?: Level): TypedSchedule {
  const { decimals } = useNetwork().currency;
  const [levels, set] = useState<readonly TypedLevel[]>([
    first === undefined ? EMPTY : typedLevel(first, decimals),
  ]);
  return { levels, set, schedule: scheduleOf(levels, decimals) };
}

const typedLevel = (level: Level, decimals: number): TypedLevel => ({
  ...EMPTY,
  feedIn: typedAmount(level.feedInPerKwh, decimals),
  retail: typedAmount(level.retailPerKwh, decimals),
  price: typedAmount(level.pricePerKwh, decimals),
  fee: typedAmount(level.feePerKwh, decimals),
  cap: typedAmount(level.capPerKwh, decimals),
});

/** A price is optional where the middle of feed-in and retail tariff takes its place. */
const priceIn = (name: PriceName, text: string, decimals: number): bigint | undefined =>
  name === "price" && text.trim() === "" ? MIDDLE : parseAmount(text, decimals);

function scheduleOf(typed: readonly TypedLevel[], decimals: number): ScheduleArguments | undefined {
  const levels = typed.map((level) => {
    const [feedIn, retail, price, fee, cap] = PRICES.map((name) =>
      priceIn(name, level[name], decimals),
    );
    return feedIn === undefined ||
      retail === undefined ||
      price === undefined ||
      fee === undefined ||
      cap === undefined
      ? undefined
      : { feedIn, retail, price, fee, cap };
  });
  const known = levels.filter((level) => level !== undefined);
  if (known.length < levels.length) return undefined;
  // A later level takes its hours from those before it.
  const hours = Array.from({ length: HOURS }, (_, hour) =>
    typed.findLastIndex(({ from, to }, index) => index === 0 || (from <= hour && hour < to)),
  );
  return { levelOfHour: Number(packHours(hours)), levels: known };
}

export function ScheduleFields({ typed: { levels, set } }: { readonly typed: TypedSchedule }) {
  const [first] = levels;
  return (
    <div className="flex flex-col gap-5">
      {levels.map((level, index) => (
        <LevelFields
          // biome-ignore lint/suspicious/noArrayIndexKey: levels are told by their place.
          key={index}
          level={level}
          isFirst={index === 0}
          onChange={(changed) => set(levels.with(index, changed))}
          onRemove={() => set(levels.toSpliced(index, 1))}
        />
      ))}
      {levels.length < MOST_LEVELS && first !== undefined && (
        <div>
          <Button
            size="small"
            look="secondary"
            onClick={() => set([...levels, { ...first, from: 17, to: 21 }])}
          >
            <Plus aria-hidden="true" className="size-4" />
            <Trans>Other prices at certain hours</Trans>
          </Button>
        </div>
      )}
    </div>
  );
}

function LevelFields({
  level,
  isFirst,
  onChange,
  onRemove,
}: {
  readonly level: TypedLevel;
  readonly isFirst: boolean;
  onChange(level: TypedLevel): void;
  onRemove(): void;
}) {
  const { t } = useLingui();
  const { decimals } = useNetwork().currency;
  const typedOf = (name: PriceName) => ({
    text: level[name],
    value: priceIn(name, level[name], decimals),
    set: (text: string) => onChange({ ...level, [name]: text }),
  });
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 font-semibold">
        {isFirst ? <Trans>All day</Trans> : <Trans>At certain hours</Trans>}
      </legend>
      {!isFirst && (
        <div className="flex items-end gap-3">
          <HourSelect
            label={t`From hour`}
            hours={range(0, HOURS - 1)}
            value={level.from}
            onChange={(from) => onChange({ ...level, from, to: Math.max(level.to, from + 1) })}
          />
          <HourSelect
            label={t`To hour`}
            hours={range(level.from + 1, HOURS)}
            value={level.to}
            onChange={(to) => onChange({ ...level, to })}
          />
          <Button size="small" look="ghost" aria-label={t`Remove these hours`} onClick={onRemove}>
            <Trash2 aria-hidden="true" className="size-4" />
          </Button>
        </div>
      )}
      <div className="grid gap-3 sm:grid-cols-2">
        <PriceField
          label={<Trans>Feed-in tariff</Trans>}
          hint={<Trans>What the grid pays a prosumer</Trans>}
          typed={typedOf("feedIn")}
        />
        <PriceField
          label={<Trans>Retail tariff</Trans>}
          hint={<Trans>What the grid charges a consumer</Trans>}
          typed={typedOf("retail")}
        />
        <PriceField
          label={<Trans>Community price</Trans>}
          hint={
            <Trans>
              What neighbours with a limit pay each other; empty for the middle of the two tariffs
            </Trans>
          }
          typed={typedOf("price")}
        />
        <PriceField
          label={<Trans>Network fee</Trans>}
          hint={<Trans>What every trade pays to the DSO</Trans>}
          typed={typedOf("fee")}
        />
        <PriceField
          label={<Trans>Island price cap</Trans>}
          hint={<Trans>The most a buyer pays while islanded</Trans>}
          typed={typedOf("cap")}
        />
      </div>
    </fieldset>
  );
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

function HourSelect({
  label,
  hours,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hours: readonly number[];
  readonly value: number;
  onChange(hour: number): void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <Select
          {...control}
          value={value}
          onChange={({ target }) => onChange(Number(target.value))}
        >
          {hours.map((hour) => (
            <option key={hour} value={hour}>
              {hour}:00
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

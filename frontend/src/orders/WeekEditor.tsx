import { Trans, useLingui } from "@lingui/react/macro";
import { addDays } from "@wattline/sdk";
import type { UseFormReturn } from "react-hook-form";
import { Button, cx, Field, formatDay, Input } from "../ui/index.ts";
import { DAY_PARTS, type Draft, type OrderValues } from "./draft.ts";

/** A week of prices by the part of the day. */
export function WeekEditor({
  form,
}: {
  readonly form: UseFormReturn<OrderValues, unknown, Draft>;
}) {
  const { t } = useLingui();
  const { register, watch, getValues, setValue, formState } = form;
  const errors = formState.errors.week;
  const firstDay = watch("week.firstDay");
  const begins = /^\d{4}-\d\d-\d\d$/.test(firstDay);
  const words = firstFault(errors?.energy) ?? firstFault(errors?.prices);

  const everyDay = () => {
    const { prices } = getValues("week");
    const first = prices[0] ?? [];
    setValue(
      "week.prices",
      prices.map(() => [...first]),
      { shouldValidate: formState.isSubmitted },
    );
  };

  return (
    <div className="flex flex-col gap-3">
      <Field label={<Trans>The week begins on</Trans>} error={errors?.firstDay?.message}>
        {(control) => <Input type="date" {...control} {...register("week.firstDay")} />}
      </Field>
      <table className="w-full table-fixed border-separate border-spacing-x-1 border-spacing-y-1 text-sm">
        <caption className="mb-1 text-left text-sm text-muted">
          <Trans>Price per kWh by the time of day. What is left empty makes no order.</Trans>
        </caption>
        <thead>
          <tr>
            <th scope="col" className="w-19 text-left font-semibold">
              <Trans>Day</Trans>
            </th>
            {DAY_PARTS.map(([from, to]) => (
              <th key={from} scope="col" className="text-center font-semibold tabular-nums">
                {from}–{to}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" className="text-left font-normal text-muted">
              <Trans>kWh a day</Trans>
            </th>
            {DAY_PARTS.map(([from, to], part) => (
              <td key={from}>
                <Cell
                  label={t`kWh a day, ${from} to ${to} o'clock`}
                  field={register(`week.energy.${part}`)}
                  invalid={errors?.energy?.[part] !== undefined}
                />
              </td>
            ))}
          </tr>
          {Array.from({ length: 7 }, (_, day) => {
            const noon = begins ? Date.parse(`${addDays(firstDay, day)}T12:00:00`) / 1000 : 0;
            const name = begins ? formatDay(noon) : String(day + 1);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a day is its place in the week.
              <tr key={day}>
                <th scope="row" className="text-left text-xs font-normal whitespace-nowrap">
                  {name}
                </th>
                {DAY_PARTS.map(([from, to], part) => (
                  <td key={from}>
                    <Cell
                      label={t`Price on ${name}, ${from} to ${to} o'clock`}
                      field={register(`week.prices.${day}.${part}`)}
                      invalid={errors?.prices?.[day]?.[part] !== undefined}
                    />
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {words && (
        <p role="alert" className="text-sm font-medium text-danger">
          {words}
        </p>
      )}
      <div>
        <Button size="small" look="secondary" onClick={everyDay}>
          <Trans>Every day as the first</Trans>
        </Button>
      </div>
    </div>
  );
}

function Cell({
  label,
  field,
  invalid,
}: {
  readonly label: string;
  readonly field: ReturnType<UseFormReturn<OrderValues>["register"]>;
  readonly invalid: boolean;
}) {
  return (
    <input
      {...field}
      inputMode="decimal"
      autoComplete="off"
      aria-label={label}
      aria-invalid={invalid || undefined}
      className={cx(
        "min-h-9 w-full rounded-lg border border-control bg-surface px-1 text-center text-ink tabular-nums",
        invalid && "border-danger",
      )}
    />
  );
}

/** The first message in a tree of errors. */
function firstFault(errors: unknown): string | undefined {
  if (typeof errors !== "object" || errors === null) return undefined;
  if ("message" in errors && typeof errors.message === "string") return errors.message;
  for (const each of Object.values(errors)) {
    const words = Array.isArray(errors) || !("ref" in errors) ? firstFault(each) : undefined;
    if (words !== undefined) return words;
  }
  return undefined;
}

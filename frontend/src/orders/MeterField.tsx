import { Trans, useLingui } from "@lingui/react/macro";
import type { UseFormReturn } from "react-hook-form";
import { Field, Select } from "../ui/index.ts";
import type { Draft, OrderValues } from "./draft.ts";
import type { HomeMeter } from "./homes.ts";
import { sourceName, whoWords } from "./sentence.ts";

/** Which meter of one's own feeds an offer, or is fed by a bid. */
export function MeterField({
  form,
  side,
  meters,
}: {
  readonly form: UseFormReturn<OrderValues, unknown, Draft>;
  readonly side: "offer" | "bid";
  readonly meters: readonly HomeMeter[];
}) {
  const { t } = useLingui();
  const { register, formState } = form;
  const sells = side === "offer";
  const fitting = meters.filter(({ capacityW }) => !sells || capacityW > 0);
  return (
    <Field
      label={<Trans>Your meter</Trans>}
      hint={
        sells ? (
          <Trans>Energy that it has yet to report may be offered too.</Trans>
        ) : (
          <Trans>While the microgrid is islanded a bid is filled for a meter only.</Trans>
        )
      }
      error={formState.errors.meter?.message}
    >
      {(control) => (
        <Select {...control} {...register("meter")}>
          <option value="">{t`None`}</option>
          {fitting.map(({ meter, source, critical, capacityW }) => (
            <option key={meter} value={meter}>
              {whoWords(meter, critical)}
              {capacityW > 0 && ` · ${sourceName(source)}`}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

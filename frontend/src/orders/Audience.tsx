import { Trans, useLingui } from "@lingui/react/macro";
import type { UseFormReturn } from "react-hook-form";
import { useCalled } from "../people/index.ts";
import { Button, Field, HexInput, Select } from "../ui/index.ts";
import type { Draft, OrderValues } from "./draft.ts";
import type { HomeMeter } from "./homes.ts";
import { whoWords } from "./sentence.ts";

/** With whom: anyone, or one neighbour alone, who may get a friend's price or a gift. */
export function Audience({
  form,
  side,
  neighbours,
}: {
  readonly form: UseFormReturn<OrderValues, unknown, Draft>;
  readonly side: "offer" | "bid";
  readonly neighbours: readonly HomeMeter[];
}) {
  const { t } = useLingui();
  const { register, watch, setValue, formState } = form;
  const { errors } = formState;
  useCalled();
  const audience = watch("audience");
  const [sells, one] = [side === "offer", watch("plan") === "one"];
  const homes = [...new Map(neighbours.map((home) => [home.owner, home])).values()].sort(
    (a, b) => Number(b.critical) - Number(a.critical),
  );
  return (
    <>
      <Field
        label={sells ? <Trans context="a person">To</Trans> : <Trans>From whom</Trans>}
        error={errors.audience?.message}
      >
        {(control) => (
          <Select {...control} {...register("audience")}>
            <option value="anyone">{t`Anyone`}</option>
            {homes.map(({ owner, critical }) => (
              <option key={owner} value={owner}>
                {whoWords(owner, critical)}
              </option>
            ))}
            <option value="other">{t`Another address…`}</option>
          </Select>
        )}
      </Field>
      {audience === "other" && (
        <Field label={<Trans>Their address</Trans>} error={errors.other?.message}>
          {(control) => <HexInput {...control} {...register("other")} />}
        </Field>
      )}
      {sells && one && audience !== "anyone" && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-muted">
          <Button
            size="small"
            onClick={() =>
              setValue("price", "0", {
                shouldDirty: true,
                shouldValidate: formState.isSubmitted,
              })
            }
          >
            <Trans>Make it a gift</Trans>
          </Button>
          <Trans>Or give a friend's price: nobody else can take it.</Trans>
        </div>
      )}
    </>
  );
}

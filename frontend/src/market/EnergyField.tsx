import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { amountFault, Field, Input, parseAmount, typedAmount } from "../ui/index.ts";

/** Decimals of a kWh: whole Wh. */
const KWH_DECIMALS = 3;
const MOST_WH = BigInt(Number.MAX_SAFE_INTEGER);

/** How much is wished for, as it is typed. */
export interface TypedEnergy {
  readonly text: string;
  /** What is wrong with it: while anything is, nothing is offered for it. */
  readonly fault: string | undefined;
  type(text: string): void;
}

/**
 * The energy that somebody types, beginning with what is wished for by now.
 * @param onChange Told of each amount that can be bought, in Wh.
 */
export function useTypedEnergy(energyWh: bigint, onChange: (wh: number) => void): TypedEnergy {
  const { t } = useLingui();
  const [text, setText] = useState(() => typedAmount(energyWh, KWH_DECIMALS));
  // What somebody has typed stays as it is; what comes from elsewhere takes its place.
  useEffect(() => {
    setText((current) =>
      energyIn(current) === energyWh ? current : typedAmount(energyWh, KWH_DECIMALS),
    );
  }, [energyWh]);
  const usual = t`Give the energy in kWh, such as 2.5, down to a Wh.`;
  return {
    text,
    fault: energyIn(text) === undefined ? amountFault(text, usual) : undefined,
    type(next) {
      setText(next);
      const wh = energyIn(next);
      if (wh !== undefined) onChange(Number(wh));
    },
  };
}

export function EnergyField({ typed: { text, fault, type } }: { readonly typed: TypedEnergy }) {
  return (
    <Field label={<Trans>Energy</Trans>} error={fault}>
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          autoComplete="off"
          unit="kWh"
          value={text}
          onChange={({ target }) => type(target.value)}
        />
      )}
    </Field>
  );
}

/** Wh; undefined when nothing, too much, or no amount is typed. */
function energyIn(text: string): bigint | undefined {
  const wh = parseAmount(text, KWH_DECIMALS);
  return wh !== undefined && wh > 0n && wh <= MOST_WH ? wh : undefined;
}

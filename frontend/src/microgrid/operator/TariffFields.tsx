import { Trans } from "@lingui/react/macro";
import type { Microgrid } from "../../chain/index.ts";
import { EnergyField, PriceField, type Typed, useTypedAmount, useTypedPrice } from "./fields.tsx";

type Tariffs = Microgrid["tariffs"];

interface TypedTariffs {
  readonly feedIn: Typed<bigint>;
  readonly retail: Typed<bigint>;
  readonly networkFee: Typed<bigint>;
  readonly islandPriceCap: Typed<bigint>;
  readonly islandRation: Typed<bigint>;
  /** Undefined while any of them is missing. */
  readonly tariffs: Tariffs | undefined;
}

/** The form fields of a microgrid's tariffs. */
export function useTypedTariffs(first?: Tariffs): TypedTariffs {
  const feedIn = useTypedPrice(first?.feedIn);
  const retail = useTypedPrice(first?.retail);
  const networkFee = useTypedPrice(first?.networkFee);
  const islandPriceCap = useTypedPrice(first?.islandPriceCap);
  const islandRation = useTypedAmount(first && BigInt(first.islandRation), 3);
  const fields = { feedIn, retail, networkFee, islandPriceCap, islandRation };
  return { ...fields, tariffs: tariffsOf(fields) };
}

function tariffsOf({
  feedIn,
  retail,
  networkFee,
  islandPriceCap,
  islandRation,
}: Omit<TypedTariffs, "tariffs">): Tariffs | undefined {
  if (
    feedIn.value === undefined ||
    retail.value === undefined ||
    networkFee.value === undefined ||
    islandPriceCap.value === undefined ||
    islandRation.value === undefined
  ) {
    return undefined;
  }
  return {
    feedIn: feedIn.value,
    retail: retail.value,
    networkFee: networkFee.value,
    islandPriceCap: islandPriceCap.value,
    islandRation: Number(islandRation.value),
  };
}

export function TariffFields({ typed }: { readonly typed: TypedTariffs }) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <PriceField
        label={<Trans>Feed-in tariff</Trans>}
        hint={<Trans>What the grid pays a prosumer</Trans>}
        typed={typed.feedIn}
      />
      <PriceField
        label={<Trans>Retail tariff</Trans>}
        hint={<Trans>What the grid charges a consumer</Trans>}
        typed={typed.retail}
      />
      <PriceField
        label={<Trans>Network fee</Trans>}
        hint={<Trans>What every trade pays to the DSO</Trans>}
        typed={typed.networkFee}
      />
      <PriceField
        label={<Trans>Island price cap</Trans>}
        hint={<Trans>The most a buyer pays while islanded</Trans>}
        typed={typed.islandPriceCap}
      />
      <EnergyField
        label={<Trans>Island ration per slot</Trans>}
        hint={<Trans>What an ordinary meter may buy directly while islanded</Trans>}
        typed={typed.islandRation}
      />
    </div>
  );
}

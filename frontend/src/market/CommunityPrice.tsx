import { Trans } from "@lingui/react/macro";
import {
  communityPriceIn,
  isIslandedIn,
  levelFor,
  type Microgrid,
  scheduleFor,
  slotStart,
} from "@wattline/sdk";
import { formatMoment, Price } from "../ui/index.ts";

/** What holds now: the community price and, while there is a grid, what that pays and charges. */
export function PricesInWords({
  microgrid,
  slot,
}: {
  readonly microgrid: Microgrid;
  readonly slot: number;
}) {
  const { feedInPerKwh, retailPerKwh, feePerKwh } = levelFor(microgrid, slot);
  const strong = "font-semibold text-ink";
  return (
    <>
      <Trans>
        The community price is now{" "}
        <Price perKwh={communityPriceIn(microgrid, slot)} className={strong} />, of which{" "}
        <Price perKwh={feePerKwh} /> is the network fee.
      </Trans>{" "}
      {!isIslandedIn(microgrid, slot) && (
        <Trans>
          The grid pays <Price perKwh={feedInPerKwh} className={strong} /> and charges{" "}
          <Price perKwh={retailPerKwh} className={strong} />.
        </Trans>
      )}{" "}
      <NextPrices microgrid={microgrid} slot={slot} />
    </>
  );
}

/** From when on other prices hold, if they are announced. */
function NextPrices({ microgrid, slot }: { readonly microgrid: Microgrid; readonly slot: number }) {
  const next = microgrid.schedules[scheduleFor(microgrid, slot) + 1];
  if (next === undefined) return null;
  const from = formatMoment(slotStart(next.firstSlot, microgrid.slotSeconds));
  return <Trans>New prices are announced from {from}.</Trans>;
}

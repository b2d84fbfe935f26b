import { Trans } from "@lingui/react/macro";
import type { Microgrid } from "@wattline/sdk";
import { useNetwork } from "../chain/index.ts";
import { formatPrice } from "../ui/index.ts";
import { pricesOf } from "./price.ts";
import { slotsBetween } from "./time.ts";

/** What the community price is in the chosen time, and what a price has to do with it. */
export function PriceHint({
  side,
  microgrid,
  from,
  until,
}: {
  readonly side: "offer" | "bid";
  readonly microgrid: Microgrid;
  readonly from: string;
  readonly until: string;
}) {
  const { currency } = useNetwork();
  const prices = pricesOf(microgrid, slotsBetween(from, until, microgrid.slotSeconds));
  if (prices === undefined) return null;
  const [low, high] = [formatPrice(prices.lowest, currency), formatPrice(prices.highest, currency)];
  const community =
    low === high ? (
      <Trans>The community price is {low}.</Trans>
    ) : (
      <Trans>
        The community price is {low} to {high}.
      </Trans>
    );
  const most = formatPrice(prices.mostToSeller, currency);
  return (
    <>
      {community}{" "}
      {side === "offer" ? (
        <Trans>Up to {most} neighbours' bids take it, too.</Trans>
      ) : (
        <Trans>Your bid trades at it if it is no more than your limit, and else not at all.</Trans>
      )}
    </>
  );
}

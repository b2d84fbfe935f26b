import { useLingui } from "@lingui/react/macro";
import { useMicrogrids, useNetwork } from "../chain/index.ts";
import { formatPrice, formatShare } from "../ui/index.ts";
import type { Market } from "./useMarket.ts";

const BPS = 10_000n;

/** Where energy comes from: the same microgrid, or over a tie line, whose loss and charge the price includes. */
export function Distance({ from, market }: { readonly from: number; readonly market: Market }) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const { data = [] } = useMicrogrids();
  const line = market.tieLines.get(from);
  if (from === market.microgrid.microgrid) return <span>{t`Same microgrid`}</span>;
  const name = data.find(({ microgrid }) => microgrid === from)?.name ?? `#${from}`;
  if (line === undefined) return <span>{name}</span>;
  const loss = formatShare(line.lossBps, BPS);
  const charge = formatPrice(line.wheelingPerKwh, currency);
  return (
    <span
      title={t`Over the tie line from ${name}: ${loss} lost and ${charge} wheeling charge, in the price already`}
    >
      {t`${name}, ${loss} loss`}
      <span className="sr-only">
        {t`Over the tie line from ${name}: ${loss} lost and ${charge} wheeling charge, in the price already`}
      </span>
    </span>
  );
}

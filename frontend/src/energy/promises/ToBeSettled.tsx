import { Trans, useLingui } from "@lingui/react/macro";
import type { Address } from "viem";
import { isAddressEqual } from "viem";
import { useMicrogrids } from "../../chain/index.ts";
import { Person } from "../../people/index.ts";
import { Badge, Card, Energy, Money, RowsTable, SlotTime } from "../../ui/index.ts";
import { type Promises, usePromises } from "./usePromises.ts";

type Promised = Promises["promises"][number];

const USUAL_SLOT_SECONDS = 900;

/** Trades that were agreed without the chain, until they are settled; nothing when there are none. */
export default function ToBeSettled({ holder }: { readonly holder: Address }) {
  const { t } = useLingui();
  const found = usePromises(holder);
  const { data: microgrids } = useMicrogrids();
  if (found === undefined || found.state === "connected" || found.promises.length === 0) {
    return null;
  }
  const slotSecondsOf = ({ microgrid }: Promised): number =>
    microgrids?.find((each) => each.microgrid === microgrid)?.slotSeconds ?? USUAL_SLOT_SECONDS;
  const isSale = ({ seller }: Promised): boolean => isAddressEqual(seller, holder);
  const sums = sumsOf(found.promises, isSale);
  return (
    <Card title={<Trans>To be settled</Trans>}>
      <p className="max-w-2xl text-sm text-muted">
        {found.state === "offline" ? (
          <Trans>
            The chain is out of reach. Your community's node keeps what neighbours have traded
            since, and settles it when the chain is back.
          </Trans>
        ) : (
          <Trans>The chain is back. What was traded without it is being settled now.</Trans>
        )}
      </p>
      <p className="mt-2 text-sm font-semibold">
        <Trans>
          Sold <Energy wh={sums.soldWh} />, bought <Energy wh={sums.boughtWh} /> for{" "}
          <Money millis={sums.paidMillis} />
        </Trans>
      </p>
      <RowsTable
        className="mt-3 max-h-80 text-sm"
        caption={t`Trades that are to be settled`}
        head={[t`Slot`, t`Neighbour`, t`Energy`, t`Price`, t`State`]}
        rows={[...found.promises]
          .sort((a, b) => b.slot - a.slot)
          .map((each) => [
            <SlotTime key="slot" slot={each.slot} slotSeconds={slotSecondsOf(each)} />,
            <Person key="who" address={isSale(each) ? each.buyer : each.seller} />,
            <span key="energy">
              {isSale(each) ? <Trans>sold</Trans> : <Trans>bought</Trans>}{" "}
              <Energy wh={each.energyWh} />
            </span>,
            <Money key="cost" millis={each.costMillis} />,
            <State key="state" promised={each} />,
          ])}
      />
    </Card>
  );
}

function State({ promised: { energyWh, settledWh, failedWh } }: { readonly promised: Promised }) {
  if (failedWh > 0n) {
    return (
      <Badge tone="danger">
        <Trans>
          failed: <Energy wh={failedWh} />
        </Trans>
      </Badge>
    );
  }
  return settledWh >= energyWh ? (
    <Badge tone="leaf">
      <Trans>settled</Trans>
    </Badge>
  ) : (
    <Badge tone="sun">
      <Trans>to be settled</Trans>
    </Badge>
  );
}

function sumsOf(promises: readonly Promised[], isSale: (promised: Promised) => boolean) {
  let [soldWh, boughtWh, paidMillis] = [0n, 0n, 0n];
  for (const each of promises) {
    if (isSale(each)) soldWh += each.energyWh;
    else {
      boughtWh += each.energyWh;
      paidMillis += each.costMillis;
    }
  }
  return { soldWh, boughtWh, paidMillis };
}

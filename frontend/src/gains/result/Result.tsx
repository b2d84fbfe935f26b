import { Plural, Trans } from "@lingui/react/macro";
import { gainMillis } from "@wattline/sdk/study";
import { useMemo } from "react";
import { useNetwork } from "../../chain/index.ts";
import {
  Card,
  CurrencyContext,
  Energy,
  formatCount,
  formatDay,
  formatShare,
  Money,
  Notice,
  Skeleton,
  Stat,
} from "../../ui/index.ts";
import { studyUnit } from "../assumptions.ts";
import type { GainRange, Gains } from "../worker/messages.ts";
import { BatteryCard } from "./BatteryCard.tsx";
import { HowSureCard } from "./HowSureCard.tsx";
import { MonthsCard } from "./MonthsCard.tsx";
import { OwnUseCard } from "./OwnUseCard.tsx";

const DAY_SECONDS = 86_400;
/** A file may lack some days of a year. */
const ALMOST_A_YEAR_DAYS = 360;

/** What a study found. */
export function Result({
  gains,
  range,
  isComplete,
}: {
  readonly gains: Gains;
  readonly range: GainRange | undefined;
  readonly isComplete: boolean;
}) {
  const { currency } = useNetwork();
  const unit = useMemo(() => studyUnit(currency), [currency]);
  const { home, slots, slotSeconds, firstSlot } = gains;
  const { aloneMillis, togetherMillis, slotsTraded } = home.total;
  const days = Math.round((slots * slotSeconds) / DAY_SECONDS);
  const gain = gainMillis(home.total);
  const hours = Math.round((slotsTraded * slotSeconds) / 3600);
  const allHours = formatCount(Math.round((slots * slotSeconds) / 3600));
  const from = formatDay(firstSlot * slotSeconds);
  const to = formatDay((firstSlot + slots) * slotSeconds - 1);
  return (
    <CurrencyContext value={unit}>
      {days < ALMOST_A_YEAR_DAYS && (
        <Notice tone="warning">
          <Trans>
            Your files cover <Plural value={days} one="# day" other="# days" />, from {from} to {to}
            . All figures are of that time, not of a year: summer and winter differ much.
          </Trans>
        </Notice>
      )}
      <div className="grid grid-cols-2 gap-3 xl:grid-cols-4">
        <Stat
          label={<Trans>Bill with the utility alone</Trans>}
          value={<Money millis={aloneMillis} />}
          detail={<Trans>energy only, of {days} days</Trans>}
        />
        <Stat
          label={<Trans>Bill with neighbours</Trans>}
          value={<Money millis={togetherMillis} />}
          detail={<Trans>utility and neighbours together</Trans>}
        />
        <Stat
          tone="leaf"
          label={<Trans>You gain</Trans>}
          value={<Money millis={gain} />}
          detail={<RangeDetail range={range} isComplete={isComplete} />}
        />
        <Stat
          tone="sun"
          label={<Trans>Hours with neighbours</Trans>}
          value={formatCount(hours)}
          detail={<Trans>of {allHours}</Trans>}
        />
      </div>
      {gain === 0n && (
        <Notice>
          <Trans>
            There was nothing to trade: neighbours trade only where one has energy left while
            another needs it, at a price between both tariffs.
          </Trans>
        </Notice>
      )}
      <MonthsCard months={home.months} />
      <EnergyCard gains={gains} />
      <BatteryCard gains={gains} />
      <HowSureCard gains={gains} range={range} isComplete={isComplete} />
      <OwnUseCard gains={gains} />
    </CurrencyContext>
  );
}

function RangeDetail({
  range,
  isComplete,
}: {
  readonly range: GainRange | undefined;
  readonly isComplete: boolean;
}) {
  if (!isComplete) return <Skeleton className="h-4 w-28" />;
  if (range === undefined) return null;
  return (
    <Trans>
      <Money millis={range.leastMillis} /> to <Money millis={range.mostMillis} /> in other streets
    </Trans>
  );
}

/** Where the home's energy comes from and goes to. */
function EnergyCard({
  gains: { home, loadWh, neighbours, neighboursMillis },
}: {
  readonly gains: Gains;
}) {
  const { importedWh, exportedWh, boughtWh, soldWh } = home.total;
  const own = loadWh === undefined ? undefined : loadWh - importedWh;
  return (
    <Card title={<Trans>Your energy</Trans>}>
      <ul className="flex list-disc flex-col gap-1.5 pl-5">
        <li>
          <Trans>
            You draw <Energy wh={importedWh} />; neighbours deliver <Energy wh={boughtWh} /> of it (
            {formatShare(boughtWh, importedWh)}).
          </Trans>
        </li>
        {exportedWh > 0n && (
          <li>
            <Trans>
              You feed in <Energy wh={exportedWh} />; neighbours buy <Energy wh={soldWh} /> of it (
              {formatShare(soldWh, exportedWh)}).
            </Trans>
          </li>
        )}
        {loadWh !== undefined && own !== undefined && (
          <li>
            <Trans>
              Of all that you use, {formatShare(own, loadWh)} comes from your own roof, and{" "}
              {formatShare(own + boughtWh, loadWh)} from roof and neighbours together.
            </Trans>
          </li>
        )}
        <li>
          <Trans>
            Your <Plural value={neighbours} one="neighbour gains" other="# neighbours gain" />{" "}
            <Money millis={neighboursMillis} /> together. Nobody pays more than without the others,
            in any slot.
          </Trans>
        </li>
      </ul>
    </Card>
  );
}

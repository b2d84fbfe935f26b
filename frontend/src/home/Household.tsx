import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import {
  communityPriceIn,
  isIslandedIn,
  levelFor,
  localDayOf,
  type Microgrid,
  slotStart,
} from "@wattline/sdk";
import { Bot, CalendarClock, ShoppingBasket, TrendingUp } from "lucide-react";
import { type ReactNode, Suspense } from "react";
import { type Address, isAddressEqual } from "viem";
import { RecentActivity } from "../activity/index.ts";
import { localZone } from "../browser/index.ts";
import { useChainTime, useCurrentSlot, useNetwork } from "../chain/index.ts";
import {
  byDay,
  type Forward,
  monthOf,
  slotsOf,
  useEarnings,
  useForwards,
  useMyMeters,
  useReadings,
  WaitingReadings,
} from "../energy/index.ts";
import { SuggestedOffer } from "../orders/index.ts";
import { Person, useCalled } from "../people/index.ts";
import {
  buttonClass,
  Card,
  cx,
  Energy,
  formatMoment,
  Money,
  Price,
  Skeleton,
  SkeletonLines,
  SlotTime,
  Stat,
} from "../ui/index.ts";
import { CheapestHours } from "./CheapestHours.tsx";

/** A household's day at a glance: what waits for it, its sun and its use, prices, money, and what is coming up. */
export default function Household({
  holder,
  microgrid,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid | undefined;
}) {
  const called = useCalled()(holder);
  const meters = useMyMeters(holder);
  // Undefined until the meters are read: nobody is called a buyer who may have a roof.
  const sells = meters.data?.some(({ active, capacityW }) => active && capacityW > 0n);
  const name = called?.name;
  return (
    <>
      <h1 className="text-2xl font-bold tracking-tight sm:text-3xl">
        {name === undefined ? <Trans>Your home today</Trans> : <Trans>Hello, {name}</Trans>}
      </h1>
      {microgrid && meters.data && sells !== undefined && (
        <NextStep holder={holder} microgrid={microgrid} sells={sells}>
          {sells && (
            <Suspense>
              <WaitingReadings holder={holder} meters={meters.data} />
            </Suspense>
          )}
        </NextStep>
      )}
      <Today holder={holder} microgrid={microgrid} sells={sells} />
      <ComingUp holder={holder} microgrid={microgrid} />
      <Suspense>
        <RecentActivity holder={holder} />
      </Suspense>
      <p className="flex flex-wrap gap-3">
        <Link to="/autopilot" className={buttonClass("secondary")}>
          <Bot aria-hidden="true" className="size-5" />
          <Trans>Autopilot: let it trade for you</Trans>
        </Link>
        {/* On wider screens it is in the header. */}
        <Link to="/gains" className={cx(buttonClass("secondary"), "xl:hidden")}>
          <TrendingUp aria-hidden="true" className="size-5" />
          <Trans>What would I gain?</Trans>
        </Link>
      </p>
    </>
  );
}

/** The one thing that waits: readings to mint, energy to sell, or energy to buy. */
function NextStep({
  holder,
  microgrid,
  sells,
  children,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid;
  readonly sells: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useLingui();
  return (
    <Card title={sells ? t`What you can sell` : t`What you can buy`} className="border-leaf">
      <div className="flex flex-col gap-4">
        {children}
        {sells ? (
          <Suspense fallback={<SkeletonLines lines={2} />}>
            <SuggestedOffer microgrid={microgrid} maker={holder} />
          </Suspense>
        ) : (
          <>
            <p>
              <Trans>
                Your neighbours' roofs have energy to share, for less than the grid would charge.
              </Trans>
            </p>
            <Link to="/market" className={`${buttonClass("primary", "large")} self-start`}>
              <ShoppingBasket aria-hidden="true" className="size-5" />
              <Trans>Buy from neighbours</Trans>
            </Link>
          </>
        )}
      </div>
    </Card>
  );
}

function Today({
  holder,
  microgrid,
  sells,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid | undefined;
  readonly sells: boolean | undefined;
}) {
  const time = useChainTime();
  const slot = useCurrentSlot(microgrid);
  const { data: earnings } = useEarnings(holder);
  const { data: readings } = useReadings(holder);
  const today = time === undefined ? undefined : localDayOf(time, localZone());
  const day = byDay(earnings ?? []).find(({ name }) => name === today);
  const month = monthOf(earnings, time, useNetwork().currency.decimals);
  const waiting = <Skeleton className="h-7 w-24" />;
  const ofToday = readings?.filter(
    (one) =>
      microgrid !== undefined &&
      localDayOf(slotStart(one.firstSlot, microgrid.slotSeconds), localZone()) === today,
  );
  const sun = ofToday?.reduce((sum, { exportedWh }) => sum + exportedWh, 0n);
  const newest = readings?.[0];
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {sells === undefined ? (
        <Stat label={<Skeleton className="h-4 w-24" />} value={waiting} />
      ) : sells ? (
        <Stat
          tone="sun"
          label={<Trans>Your sun today</Trans>}
          value={sun === undefined ? waiting : <Energy wh={sun} />}
          detail={
            newest === undefined ? (
              <Trans>your meter has reported nothing yet</Trans>
            ) : (
              <Trans>reported until {formatMoment(newest.time)}</Trans>
            )
          }
        />
      ) : (
        <Stat
          tone="sky"
          label={<Trans>Bought today</Trans>}
          value={earnings === undefined ? waiting : <Energy wh={day?.boughtWh ?? 0n} />}
          detail={<Trans>delivered by your neighbours</Trans>}
        />
      )}
      <Stat
        tone="leaf"
        label={<Trans>Community price now</Trans>}
        value={
          microgrid === undefined || slot === undefined ? (
            waiting
          ) : (
            <Price perKwh={communityPriceIn(microgrid, slot)} />
          )
        }
        detail={
          microgrid !== undefined &&
          slot !== undefined && (
            <>
              {isIslandedIn(microgrid, slot) ? (
                <Trans>islanded: there is no grid to buy from</Trans>
              ) : (
                <Trans>
                  the grid charges <Price perKwh={levelFor(microgrid, slot).retailPerKwh} />
                </Trans>
              )}
              <CheapestHours microgrid={microgrid} slot={slot} />
            </>
          )
        }
      />
      <Stat
        tone="sun"
        label={<Trans>Earned this month</Trans>}
        value={earnings === undefined ? waiting : <Money millis={month?.earnedMillis ?? 0n} />}
        detail={<Trans>over the feed-in tariff</Trans>}
      />
      <Stat
        tone="sky"
        label={<Trans>Saved this month</Trans>}
        value={earnings === undefined ? waiting : <Money millis={month?.savedMillis ?? 0n} />}
        detail={<Trans>against the retail tariff</Trans>}
      />
    </div>
  );
}

/** The most that is listed; the rest is in Activity. */
const MOST = 4;

/** Forwards that are still to be delivered. */
function ComingUp({
  holder,
  microgrid,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid | undefined;
}) {
  const { t } = useLingui();
  const slot = useCurrentSlot(microgrid);
  const { data } = useForwards(holder);
  if (data === undefined || slot === undefined || microgrid === undefined) return null;
  const coming = data
    .filter((one) => one.block.state === "open" && slotsOf(one).lastSlot >= slot)
    .toSorted((a, b) => slotsOf(a).firstSlot - slotsOf(b).firstSlot);
  if (coming.length === 0) return null;
  return (
    <Card title={t`Coming up`}>
      <ul className="flex flex-col divide-y divide-line">
        {coming.slice(0, MOST).map((one) => (
          <Coming
            key={`${one.positionId} ${one.block.block}`}
            forward={one}
            holder={holder}
            slotSeconds={microgrid.slotSeconds}
          />
        ))}
      </ul>
      {coming.length > MOST && (
        <Link to="/activity" search={{ show: "open" }} className="mt-2 inline-block underline">
          <Trans>All of them</Trans>
        </Link>
      )}
    </Card>
  );
}

function Coming({
  forward,
  holder,
  slotSeconds,
}: {
  readonly forward: Forward;
  readonly holder: Address;
  readonly slotSeconds: number;
}) {
  const { position, block } = forward;
  const sells = isAddressEqual(position.seller, holder);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <CalendarClock aria-hidden="true" className="size-5 text-muted" />
      <SlotTime
        slot={slotsOf(forward).firstSlot}
        lastSlot={slotsOf(forward).lastSlot}
        slotSeconds={slotSeconds}
      />
      <span>
        {sells ? (
          <Trans context="a buyer">
            <Energy wh={block.energyWh} /> to <Person address={position.buyer} />
          </Trans>
        ) : (
          <Trans context="a seller">
            <Energy wh={block.energyWh} /> from <Person address={position.seller} />
          </Trans>
        )}
      </span>
    </li>
  );
}

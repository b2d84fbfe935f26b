import { Trans, useLingui } from "@lingui/react/macro";
import { communityPriceIn, type Level, levelFor, slotEnd, slotStart } from "@wattline/sdk";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { memo, type PointerEvent, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import {
  Badge,
  Button,
  cx,
  Energy,
  formatClock,
  formatEnergy,
  formatPrice,
  Price,
  SlotTime,
} from "../ui/index.ts";
import type { SlotFigures } from "./slotFigures.ts";
import type { Market } from "./useMarket.ts";

const NOTHING: SlotFigures = { offeredWh: 0n, bestPrice: undefined, bestBid: undefined };
const PAGE_SECONDS = 3_600;

/**
 * The day as a strip of delivery slots: height shows the energy offered as it arrives, colour the price (green is cheap), and
 * the line beneath where somebody bids.
 */
export function SlotStrip({
  market,
  slot,
  window,
  onPick,
  onBuy,
}: {
  readonly market: Market;
  readonly slot: number;
  readonly window: { readonly firstSlot: number; readonly lastSlot: number };
  onPick(slot: number): void;
  /** Sets the purchase to the chosen slot. */
  onBuy(): void;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const [dragged, setDragged] = useState<number>();
  const { microgrid, figures, currentSlot } = market;
  const { slots, slotSeconds } = market.day;
  const { firstSlot, lastSlot } = slots;
  const shown = dragged ?? slot;
  const { offeredWh, bestPrice, bestBid } = figures.get(shown) ?? NOTHING;
  const most = mostOffered(figures);

  const within = (wanted: number) => Math.min(Math.max(wanted, firstSlot), lastSlot);
  const slotUnder = ({ currentTarget, clientX }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const share = (clientX - left) / width;
    return within(firstSlot + Math.floor(share * (lastSlot - firstSlot + 1)));
  };
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowUp: 1,
    ArrowLeft: -1,
    ArrowDown: -1,
    PageUp: PAGE_SECONDS / slotSeconds,
    PageDown: -PAGE_SECONDS / slotSeconds,
    Home: firstSlot - lastSlot,
    End: lastSlot - firstSlot,
  };
  const time = `${formatClock(slotStart(shown, slotSeconds))} – ${formatClock(slotEnd(shown, slotSeconds))}`;
  const energy = formatEnergy(offeredWh);
  const words =
    bestPrice === undefined
      ? t`${time}, nothing offered`
      : t`${time}, ${energy} from ${formatPrice(bestPrice, currency)}`;

  return (
    <div className="flex flex-col gap-3">
      <div
        role="slider"
        tabIndex={0}
        aria-label={t`Delivery slot`}
        aria-valuemin={firstSlot}
        aria-valuemax={lastSlot}
        aria-valuenow={shown}
        aria-valuetext={words}
        onKeyDown={(event) => {
          const step = steps[event.key];
          if (step === undefined) return;
          event.preventDefault();
          onPick(within(shown + step));
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragged(slotUnder(event));
        }}
        onPointerMove={(event) => {
          if (dragged !== undefined) setDragged(slotUnder(event));
        }}
        onPointerUp={(event) => {
          onPick(slotUnder(event));
          setDragged(undefined);
        }}
        onPointerCancel={() => setDragged(undefined)}
        className="relative flex h-28 cursor-pointer touch-pan-y items-end rounded-xl border border-line bg-sunken select-none"
      >
        {Array.from({ length: lastSlot - firstSlot + 1 }, (_, index) => {
          const each = firstSlot + index;
          const of = figures.get(each) ?? NOTHING;
          return (
            <Bar
              key={each}
              height={heightOf(of.offeredWh, most)}
              colour={colourOf(of.bestPrice, levelFor(microgrid, each))}
              wanted={of.bestBid !== undefined}
              chosen={each === shown}
              inWindow={each >= window.firstSlot && each <= window.lastSlot}
            />
          );
        })}
        {currentSlot >= firstSlot && currentSlot <= lastSlot && (
          <span
            aria-hidden="true"
            className="pointer-events-none absolute inset-y-0 w-0.5 bg-ink"
            style={{ left: `${(100 * (currentSlot - firstSlot)) / (lastSlot - firstSlot + 1)}%` }}
          />
        )}
      </div>
      <Hours market={market} />
      {/* As high for each slot, so that the page does not jump while one goes through the day. */}
      <div className="grid min-h-28 content-start items-center gap-x-3 gap-y-2 sm:min-h-20 sm:grid-cols-[auto_1fr]">
        <div className="flex items-center">
          <Button
            look="ghost"
            size="icon"
            aria-label={t`Slot before`}
            onClick={() => onPick(within(slot - 1))}
          >
            <ChevronLeft aria-hidden="true" className="size-5" />
          </Button>
          <SlotTime
            slot={shown}
            slotSeconds={slotSeconds}
            day={false}
            className="min-w-30 text-center text-lg font-semibold"
          />
          <Button
            look="ghost"
            size="icon"
            aria-label={t`Slot after`}
            onClick={() => onPick(within(slot + 1))}
          >
            <ChevronRight aria-hidden="true" className="size-5" />
          </Button>
          {shown > currentSlot ? (
            <Badge tone="sky">
              <Trans>To come</Trans>
            </Badge>
          ) : shown === currentSlot ? (
            <Badge tone="leaf">
              <Trans>Running now</Trans>
            </Badge>
          ) : (
            <Badge>
              <Trans>Past</Trans>
            </Badge>
          )}
        </div>
        <span className="order-last text-sm sm:col-span-2">
          {bestPrice === undefined ? (
            <span className="text-muted">
              <Trans>Nothing is offered for this slot.</Trans>
            </span>
          ) : (
            <Trans>
              <Energy wh={offeredWh} className="font-semibold" /> from{" "}
              <Price perKwh={bestPrice} className="font-semibold" />
            </Trans>
          )}
          {bestBid !== undefined && (
            <span className="text-muted">
              {" · "}
              <Trans>
                highest bid <Price perKwh={bestBid} />
              </Trans>
            </span>
          )}
          <span className="text-muted">
            {" · "}
            <Trans>
              community price <Price perKwh={communityPriceIn(microgrid, shown)} />
            </Trans>
          </span>
        </span>
        <Button
          size="small"
          onClick={onBuy}
          disabled={bestPrice === undefined}
          className="justify-self-start sm:justify-self-end"
        >
          <Trans>Buy in this slot</Trans>
        </Button>
      </div>
    </div>
  );
}

/** A slot; memoised, because there are about a hundred. */
const Bar = memo(function Bar({
  height,
  colour,
  wanted,
  chosen,
  inWindow,
}: {
  /** In percent; 0 where nothing is offered. */
  readonly height: number;
  readonly colour: string;
  /** Whether there is a bid. */
  readonly wanted: boolean;
  readonly chosen: boolean;
  readonly inWindow: boolean;
}) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        "pointer-events-none relative flex h-full flex-1 items-end",
        inWindow && "bg-leaf-soft",
        chosen && "bg-ink/15 outline-2 outline-ink",
      )}
    >
      <span className="mb-1.5 flex h-[calc(100%-0.375rem)] w-full items-end">
        {height > 0 && (
          <span
            className="mx-px block w-full rounded-t-sm"
            style={{ height: `${height}%`, background: colour }}
          />
        )}
      </span>
      {wanted && <span className="absolute inset-x-0 bottom-0 h-1 bg-sky" />}
    </span>
  );
});

/** The smallest visible height of a slot with an offer. */
const LEAST_PERCENT = 6;

/** The offered energy as a percentage of the most; a number, for drawing only. */
const heightOf = (offeredWh: bigint, most: bigint): number =>
  offeredWh === 0n ? 0 : Math.max(Number((offeredWh * 100n) / most), LEAST_PERCENT);

/** The colour of a price: from leaf at the feed-in tariff to grey at the retail tariff. */
function colourOf(price: bigint | undefined, { feedInPerKwh, retailPerKwh }: Level): string {
  if (price === undefined) return "transparent";
  const span = retailPerKwh > feedInPerKwh ? retailPerKwh - feedInPerKwh : 1n;
  const share = Number(((price - feedInPerKwh) * 100n) / span);
  const dear = Math.min(Math.max(share, 0), 100);
  return `color-mix(in oklab, var(--control) ${dear}%, var(--leaf))`;
}

const mostOffered = (figures: Market["figures"]): bigint => {
  let most = 0n;
  for (const { offeredWh } of figures.values()) if (offeredWh > most) most = offeredWh;
  return most;
};

const LABELS = 4;

/** The hours under the strip, and the legend of its marks. */
function Hours({ market: { day } }: { readonly market: Market }) {
  const { firstSlot, lastSlot } = day.slots;
  const count = lastSlot - firstSlot + 1;
  return (
    <div className="-mt-2 flex flex-col gap-2 text-xs text-muted">
      <div aria-hidden="true" className="relative h-4 tabular-nums">
        {Array.from({ length: LABELS + 1 }, (_, index) => {
          const slot = firstSlot + Math.round((count * index) / LABELS);
          return (
            <span
              key={slot}
              className={cx(
                "absolute",
                index === LABELS ? "-translate-x-full" : index > 0 && "-translate-x-1/2",
              )}
              style={{ left: `${(100 * (slot - firstSlot)) / count}%` }}
            >
              {index === LABELS ? "24:00" : formatClock(slotStart(slot, day.slotSeconds))}
            </span>
          );
        })}
      </div>
      <p className="flex flex-wrap gap-x-4 gap-y-1">
        <span className="inline-flex items-center gap-1.5">
          <i
            aria-hidden="true"
            className="h-2.5 w-8 rounded-full bg-linear-to-r from-leaf to-control"
          />
          <Trans>cheap to expensive; taller means more energy</Trans>
        </span>
        <span className="inline-flex items-center gap-1.5">
          <i aria-hidden="true" className="h-1 w-4 bg-sky" />
          <Trans>has a bid</Trans>
        </span>
        <span className="inline-flex items-center gap-1.5">
          <i aria-hidden="true" className="h-3 w-0.5 bg-ink" />
          <Trans>now</Trans>
        </span>
        <span className="inline-flex items-center gap-1.5">
          <i aria-hidden="true" className="h-3 w-4 border border-line bg-leaf-soft" />
          <Trans>your purchase</Trans>
        </span>
      </p>
    </div>
  );
}

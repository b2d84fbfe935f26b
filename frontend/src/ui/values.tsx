import { useLingui as useLanguage } from "@lingui/react";
import { useLingui } from "@lingui/react/macro";
import { slotEnd, slotStart } from "@wattline/sdk";
import { Check, Copy } from "lucide-react";
import { createContext, use, useState } from "react";
import { cx } from "./cx.ts";
import {
  formatEnergy,
  formatExactly,
  formatMoney,
  formatPower,
  formatPrice,
  formatSpan,
  formatUtc,
  isWithinDay,
  MILLIS_DECIMALS,
  shortAddress,
  type Unit,
} from "./format.ts";

/** The currency of amounts that name none. */
export const CurrencyContext = createContext<Unit>({ symbol: "", decimals: 0 });

// These components call `useLanguage` so that they render again when the language changes.

/** An amount in base units of a currency, or in thousandths of one. */
type Amount =
  | { readonly baseUnits: bigint; readonly millis?: never }
  | { readonly millis: bigint; readonly baseUnits?: never };

/** An amount in a currency, by default that of {@link CurrencyContext}, in cents; all its digits on hover. */
export function Money({
  baseUnits,
  millis,
  currency,
  className,
}: Amount & {
  readonly currency?: Unit;
  readonly className?: string;
}) {
  useLanguage();
  const usual = use(CurrencyContext);
  const unit = currency ?? usual;
  const [amount, decimals] =
    millis === undefined ? [baseUnits, unit.decimals] : [millis, unit.decimals + MILLIS_DECIMALS];
  const counted = { ...unit, decimals };
  const [shown, exact] = [formatMoney(amount, counted), formatExactly(amount, counted)];
  return (
    <span
      title={exact === shown ? undefined : exact}
      className={cx("tabular-nums whitespace-nowrap", className)}
    >
      {shown}
    </span>
  );
}

/** A price per kWh in the currency of {@link CurrencyContext}. */
export function Price({
  perKwh,
  className,
}: {
  readonly perKwh: bigint;
  readonly className?: string;
}) {
  useLanguage();
  const currency = use(CurrencyContext);
  return (
    <span className={cx("tabular-nums whitespace-nowrap", className)}>
      {formatPrice(perKwh, currency)}
    </span>
  );
}

export function Energy({ wh, className }: { readonly wh: bigint; readonly className?: string }) {
  useLanguage();
  return (
    <span className={cx("tabular-nums whitespace-nowrap", className)}>{formatEnergy(wh)}</span>
  );
}

/** The average power that makes an energy in one slot. */
export function Power({ wh, slotSeconds }: { readonly wh: bigint; readonly slotSeconds: number }) {
  useLanguage();
  return <span className="tabular-nums whitespace-nowrap">{formatPower(wh, slotSeconds)}</span>;
}

/** A delivery slot, or a run of them, in local time; its UTC on hover and for screen readers. */
export function SlotTime({
  slot,
  lastSlot = slot,
  slotSeconds,
  day = true,
  className,
}: {
  readonly slot: number;
  /** Included. */
  readonly lastSlot?: number;
  readonly slotSeconds: number;
  readonly day?: boolean;
  readonly className?: string;
}) {
  useLanguage();
  const [start, end] = [slotStart(slot, slotSeconds), slotEnd(lastSlot, slotSeconds)];
  const utc = `${formatUtc(start)} – ${formatUtc(end)}`;
  return (
    <time
      dateTime={new Date(start * 1000).toISOString()}
      title={utc}
      // Two days are too long for a line of a phone.
      className={cx("tabular-nums", isWithinDay(start, end) && "whitespace-nowrap", className)}
    >
      {formatSpan(start, end, day)}
      <span className="sr-only"> ({utc})</span>
    </time>
  );
}

/** An address: shortened, in full on hover, with a button to copy it. */
export function AddressText({
  address,
  name,
  className,
}: {
  readonly address: string;
  /** A name to show before it. */
  readonly name?: string | undefined;
  readonly className?: string;
}) {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(address).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 1_500);
      },
      () => undefined,
    );
  };
  return (
    <span className={cx("inline-flex items-center gap-1 whitespace-nowrap", className)}>
      {name && <span>{name}</span>}
      <span title={address} className={cx("font-mono text-[0.9em]", name && "text-muted")}>
        {shortAddress(address)}
      </span>
      <button
        type="button"
        onClick={copy}
        className="grid size-6 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
        aria-label={copied ? t`Copied` : t`Copy ${address}`}
      >
        {copied ? (
          <Check aria-hidden className="size-3.5" />
        ) : (
          <Copy aria-hidden className="size-3.5" />
        )}
      </button>
    </span>
  );
}

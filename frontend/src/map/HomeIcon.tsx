import { memo } from "react";
import { useNetwork } from "../chain/index.ts";
import { formatEnergy, formatPrice, shortAddress } from "../ui/index.ts";
import { Flow } from "./Flow.tsx";
import type { Box } from "./layout.ts";
import type { Home, Picked } from "./street.ts";

/** The characters of a name that fit a home with a label. */
const LONGEST = 12;

/** A home in the picture, with what it trades. Of hundreds only those are drawn anew that have changed. */
export const HomeIcon = memo(function HomeIcon({
  owner,
  hasRoof,
  hasBattery,
  isShelter,
  soldWh,
  boughtWh,
  pricePerKwh,
  name,
  microgrid,
  at: { x, y, width, height },
  hasLabel,
  isMoving,
  isPicked,
  onPick,
}: Home & {
  readonly name: string | undefined;
  readonly microgrid: number;
  readonly at: Box;
  readonly hasLabel: boolean;
  readonly isMoving: boolean;
  readonly isPicked: boolean;
  onPick(picked: Picked): void;
}) {
  const { currency } = useNetwork();
  // Of an address there is room for its beginning.
  const label = name ?? `${owner.slice(0, 6)}…`;
  const shown = name ?? shortAddress(owner);
  const sells = soldWh > boughtWh;
  const wh = sells ? soldWh : boughtWh;
  const energy = `${sells ? "+" : "−"}${formatEnergy(wh)}`;
  const price = pricePerKwh === undefined ? "" : formatPrice(pricePerKwh, currency);
  const middle = x + width / 2;
  const foot = y + height;
  const icon = hasLabel ? 34 : Math.min(width, height) - 8;
  const symbol = isShelter ? "map-shelter" : hasRoof ? "map-roof" : "map-home";
  // Down to the feeder for what is sold, up from it for what is bought.
  const way = sells ? `M${middle} ${foot - 8} V${foot + 5}` : `M${middle} ${foot + 5} V${foot - 8}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table beside the picture is for keyboards.
    <g
      onClick={() => onPick({ kind: "home", microgrid, owner })}
      className="cursor-pointer"
      color="var(--ink)"
      data-home={owner}
    >
      <title>{wh > 0n ? `${shown}: ${energy}, ${price}` : shown}</title>
      <rect
        {...{ x, y, width, height }}
        rx="8"
        fill={isPicked ? "var(--leaf-soft)" : "transparent"}
        stroke={isPicked ? "var(--leaf)" : "none"}
        strokeWidth="2"
      />
      <path d={`M${middle} ${foot - 8} V${foot + 6}`} stroke="var(--control)" strokeWidth="1.5" />
      {wh > 0n && <Flow way={way} isMoving={isMoving} />}
      <use href={`#${symbol}`} x={middle - icon / 2} y={y + 2} width={icon} height={icon * 0.875} />
      {hasBattery && (
        <use href="#map-battery" x={middle + icon / 2 - 4} y={y + 2} width="10" height="12" />
      )}
      {hasLabel && (
        <g textAnchor="middle">
          <text x={middle} y={y + 46} fill="var(--ink)" fontWeight={600}>
            {label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label}
          </text>
          {wh > 0n && (
            <>
              <text
                x={middle}
                y={y + 60}
                fill={sells ? "var(--sun-text)" : "var(--sky)"}
                fontWeight={700}
              >
                {energy}
              </text>
              <text x={middle} y={y + 73} fill="var(--muted)" fontSize="10">
                {price}
              </text>
            </>
          )}
        </g>
      )}
    </g>
  );
});

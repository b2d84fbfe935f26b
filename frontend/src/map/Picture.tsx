import { useLingui } from "@lingui/react/macro";
import type { Mode } from "@wattline/sdk";
import { memo, useEffect, useMemo, useState } from "react";
import type { calledOf } from "../people/index.ts";
import { formatEnergy } from "../ui/index.ts";
import { Flow } from "./Flow.tsx";
import { HomeIcon } from "./HomeIcon.tsx";
import { layoutMap, type PlacedLine, type PlacedMicrogrid, type Point } from "./layout.ts";
import type { Picked, Street, Tie } from "./street.ts";

const BORDERS: Readonly<Record<Mode, string>> = {
  Connected: "var(--leaf)",
  Islanded: "var(--sun-text)",
  Closed: "var(--muted)",
};

/** More moving dashes than these would keep a machine without a GPU busy; arrowheads show the others' direction. */
const MOST_MOVING = 40;
/** Homes that are drawn in one frame: dozens would hold the page up. */
const HOMES_A_FRAME = 10;

/** Homes, microgrids and tie lines with what flows now. For those who see it; a table beside it says the same. */
export const Picture = memo(function Picture({
  streets,
  ties,
  modes,
  called,
  width,
  picked,
  onPick,
}: {
  readonly streets: readonly Street[];
  readonly ties: readonly Tie[];
  readonly modes: Readonly<Record<Mode, string>>;
  /** The names of households. A home that asked for its own would be drawn at once with all others when names come. */
  readonly called: typeof calledOf;
  readonly width: number;
  readonly picked: Picked | undefined;
  onPick(picked: Picked): void;
}) {
  const { t } = useLingui();
  const plan = JSON.stringify([
    streets.map(({ microgrid, homes }) => ({ microgrid, homes: homes.length })),
    ties.map(({ lower, higher }) => ({ lower, higher })),
  ]);
  // Laid out anew only when somebody comes or goes, not with every trade.
  const layout = useMemo(() => {
    const [planned, linked] = JSON.parse(plan);
    return layoutMap(planned, linked, width);
  }, [plan, width]);
  const homes = streets.reduce((sum, one) => sum + one.homes.length, 0);
  const [grids, lines] = [streets.length, ties.length];
  let undrawn = useGrowing(homes);
  let moving = 0;
  const moves = (wh: bigint): boolean => wh > 0n && ++moving <= MOST_MOVING;
  return (
    <svg
      role="img"
      aria-label={t`Picture of ${homes} homes in ${grids} microgrids with ${lines} tie lines, and what flows between them. The table below says the same.`}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      width={layout.width}
      height={layout.height}
      className="max-w-none text-[11px] select-none"
    >
      <Symbols />
      {layout.lines.map((line) => {
        const tie = ties.find(
          ({ lower, higher }) => lower === line.lower && higher === line.higher,
        );
        return (
          tie && (
            <TieLine
              key={`${line.lower} ${line.higher}`}
              line={line}
              tie={tie}
              isMoving={moves(tie.upWh + tie.downWh)}
              onPick={() => onPick({ kind: "tie", lower: line.lower, higher: line.higher })}
            />
          )
        );
      })}
      {layout.microgrids.map((place) => {
        const street = streets.find(({ microgrid }) => microgrid === place.microgrid);
        const most = Math.max(undrawn, 0);
        undrawn -= street?.homes.length ?? 0;
        return (
          street && (
            <MicrogridPanel
              key={place.microgrid}
              place={place}
              street={street}
              mode={modes[street.mode]}
              called={called}
              picked={picked}
              onPick={onPick}
              most={most}
              moves={moves}
            />
          )
        );
      })}
    </svg>
  );
});

/** A number that grows from nothing with each frame up to `most`: the first frame has the streets to draw. */
function useGrowing(most: number): number {
  const [grown, setGrown] = useState(0);
  useEffect(() => {
    if (grown >= most) return;
    const frame = requestAnimationFrame(() => setGrown(grown + HOMES_A_FRAME));
    return () => cancelAnimationFrame(frame);
  }, [grown, most]);
  return grown;
}

function Symbols() {
  const line = {
    fill: "none",
    strokeWidth: 2,
    strokeLinecap: "round",
    strokeLinejoin: "round",
  } as const;
  return (
    <defs>
      <symbol id="map-home" viewBox="0 0 32 28">
        <path d="M6 13 V26 H26 V13" {...line} stroke="currentColor" fill="var(--surface)" />
        <path d="M2 14 L16 3 L30 14" {...line} stroke="currentColor" />
      </symbol>
      <symbol id="map-roof" viewBox="0 0 32 28">
        <path d="M6 13 V26 H26 V13" {...line} stroke="currentColor" fill="var(--surface)" />
        <path d="M2 14 L16 3 L30 14 Z" {...line} stroke="currentColor" fill="var(--sun)" />
        <path d="M11 7.5 L16 14 M21 7.5 L16 14" {...line} strokeWidth={1} stroke="currentColor" />
      </symbol>
      <symbol id="map-shelter" viewBox="0 0 32 28">
        <path d="M6 13 V26 H26 V13" {...line} stroke="currentColor" fill="var(--surface)" />
        <path d="M2 14 L16 3 L30 14" {...line} stroke="currentColor" />
        <path d="M16 15 V24 M11.5 19.5 H20.5" {...line} strokeWidth={3} stroke="var(--danger)" />
      </symbol>
      <symbol id="map-battery" viewBox="0 0 10 12">
        <path
          d="M1 3 H9 V11 H1 Z M3.5 1 H6.5"
          {...line}
          strokeWidth={1.5}
          stroke="currentColor"
          fill="var(--leaf-soft)"
        />
      </symbol>
      <marker
        id="map-arrow"
        viewBox="0 0 8 8"
        refX="6"
        refY="4"
        markerWidth="7"
        markerHeight="7"
        markerUnits="userSpaceOnUse"
        orient="auto"
      >
        <path d="M0 0 L8 4 L0 8 z" fill="var(--sun-text)" />
      </marker>
    </defs>
  );
}

const pathOf = (points: readonly Point[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join(" ");

function TieLine({
  line: { points, label },
  tie: { upWh, downWh, isOpen },
  isMoving,
  onPick,
}: {
  readonly line: PlacedLine;
  readonly tie: Tie;
  readonly isMoving: boolean;
  onPick(): void;
}) {
  const flowWh = upWh >= downWh ? upWh : downWh;
  const way = pathOf(upWh >= downWh ? points : points.toReversed());
  const words = flowWh > 0n ? formatEnergy(flowWh) : undefined;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table beside the picture is for keyboards.
    <g onClick={onPick} className="cursor-pointer">
      <path d={way} fill="none" stroke="transparent" strokeWidth="18" />
      <path
        d={way}
        fill="none"
        stroke="var(--control)"
        strokeWidth="2"
        strokeDasharray={isOpen ? "none" : "3 5"}
      />
      {flowWh > 0n && <Flow way={way} isMoving={isMoving} />}
      {words !== undefined && (
        <g>
          <rect
            x={label.x - 32}
            y={label.y - 9}
            width="64"
            height="18"
            rx="9"
            fill="var(--sun-soft)"
            stroke="var(--sun-text)"
          />
          <text
            x={label.x}
            y={label.y + 4}
            textAnchor="middle"
            fill="var(--sun-text)"
            fontWeight={700}
          >
            {words}
          </text>
        </g>
      )}
    </g>
  );
}

function MicrogridPanel({
  place,
  street,
  mode,
  called,
  picked,
  onPick,
  most,
  moves,
}: {
  readonly place: PlacedMicrogrid;
  readonly street: Street;
  readonly mode: string;
  readonly called: typeof calledOf;
  readonly picked: Picked | undefined;
  onPick(picked: Picked): void;
  /** Of its homes so many are drawn. */
  readonly most: number;
  moves(wh: bigint): boolean;
}) {
  const { box, feeders, trunk, homes } = place;
  const { microgrid, name } = street;
  const colour = BORDERS[street.mode];
  const longest = Math.floor((box.width - 120) / 8);
  return (
    <g>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the table beside the picture is for keyboards. */}
      <g onClick={() => onPick({ kind: "microgrid", microgrid })} className="cursor-pointer">
        <rect
          {...box}
          data-microgrid={microgrid}
          rx="14"
          fill="var(--sunken)"
          stroke={colour}
          strokeWidth={picked?.kind !== "tie" && picked?.microgrid === microgrid ? 3 : 1.5}
          strokeDasharray={street.mode === "Connected" ? "none" : "6 5"}
        />
        <text x={box.x + 12} y={box.y + 22} fill="var(--ink)" fontSize="14" fontWeight={700}>
          {name.length > longest ? `${name.slice(0, longest - 1)}…` : name}
        </text>
        <text
          x={box.x + box.width - 12}
          y={box.y + 22}
          textAnchor="end"
          fill={colour}
          fontWeight={600}
        >
          {mode}
        </text>
      </g>
      <path
        d={[
          ...feeders.map(({ x1, x2, y }) => `M${x1} ${y} H${x2}`),
          `M${trunk.x} ${trunk.y1} V${trunk.y2} H${box.x + box.width - 12}`,
        ].join(" ")}
        fill="none"
        stroke="var(--control)"
        strokeWidth="1.5"
      />
      {street.homes.slice(0, most).map((home, index) => {
        const at = homes[index];
        return (
          at && (
            <HomeIcon
              key={home.owner}
              {...home}
              name={called(home.owner)?.name}
              microgrid={microgrid}
              at={at}
              hasLabel={place.hasLabels}
              isMoving={moves(home.soldWh + home.boughtWh)}
              isPicked={picked?.kind === "home" && picked.owner === home.owner}
              onPick={onPick}
            />
          )
        );
      })}
    </g>
  );
}

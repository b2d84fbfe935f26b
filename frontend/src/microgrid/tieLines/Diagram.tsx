import { useLingui } from "@lingui/react/macro";
import { crossingOf, type Microgrid, type Mode, modeIn, slotAt } from "@wattline/sdk";
import { type Currency, useChainTime, useNetwork } from "../../chain/index.ts";
import { formatEnergy, formatPrice } from "../../ui/index.ts";
import { formatLoss } from "./format.ts";
import type { LineWithFlow } from "./useFlows.ts";

const WIDTH = 360;
const HEIGHT = 250;
/** Height with two microgrids, which are side by side. */
const FLAT_HEIGHT = 130;
const RADIUS = 26;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The current microgrid is to the left of a single neighbour, or in the middle of several. */
function placesOf(microgrids: readonly Microgrid[], current: number): ReadonlyMap<number, Point> {
  const others = microgrids.filter(({ microgrid }) => microgrid !== current);
  const [only] = others;
  if (only !== undefined && others.length === 1) {
    const y = FLAT_HEIGHT / 2 - 8;
    return new Map([
      [current, { x: 50, y }],
      [only.microgrid, { x: WIDTH - 50, y }],
    ]);
  }
  const middle = { x: WIDTH / 2, y: HEIGHT / 2 - 8 };
  const places = others.map(({ microgrid }, index): [number, Point] => {
    const angle = (2 * Math.PI * index) / others.length - Math.PI / 2;
    return [microgrid, { x: middle.x + 125 * Math.cos(angle), y: middle.y + 86 * Math.sin(angle) }];
  });
  return new Map([[current, middle], ...places]);
}

/** Microgrids and the tie lines between them, with what flows now; the list below says the same in words. */
export function Diagram({
  microgrids,
  current,
  tieLines,
}: {
  readonly microgrids: readonly Microgrid[];
  readonly current: number;
  readonly tieLines: readonly LineWithFlow[];
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const places = placesOf(microgrids, current);
  const height = microgrids.length === 2 ? FLAT_HEIGHT : HEIGHT;
  const time = useChainTime() ?? 0;
  const [grids, ties] = [microgrids.length, tieLines.length];
  const summary = t`Diagram: ${grids} microgrids and ${ties} tie lines. The list below has what each line loses, costs and carries.`;
  const modeOf = (each: Microgrid) => modeIn(each, slotAt(time, each.slotSeconds));
  const isOpen = (line: LineWithFlow) =>
    crossingOf(line, line.lower, time).capacityWh > 0n &&
    microgrids.every(
      (each) => ![line.lower, line.higher].includes(each.microgrid) || modeOf(each) === "Connected",
    );
  return (
    <svg
      role="img"
      aria-label={summary}
      viewBox={`0 0 ${WIDTH} ${height}`}
      className="mx-auto block w-full max-w-2xl text-[12px]"
    >
      <defs>
        <marker
          id="flow"
          viewBox="0 0 8 8"
          refX="6"
          refY="4"
          markerWidth="6"
          markerHeight="6"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0 0 L8 4 L0 8 z" fill="var(--sun-text)" />
        </marker>
      </defs>
      {tieLines.map((line) => {
        const [from, to] = [places.get(line.lower), places.get(line.higher)];
        if (from === undefined || to === undefined) return null;
        return (
          <Line
            key={`${line.lower} ${line.higher}`}
            {...{ line, from, to, time }}
            open={isOpen(line)}
            currency={currency}
          />
        );
      })}
      {microgrids.map((microgrid) => {
        const at = places.get(microgrid.microgrid);
        if (at === undefined) return null;
        return (
          <Node
            key={microgrid.microgrid}
            {...{ microgrid, at }}
            mode={modeOf(microgrid)}
            isCurrent={microgrid.microgrid === current}
          />
        );
      })}
    </svg>
  );
}

const COLOURS = { Connected: "--leaf", Islanded: "--sun", Closed: "--muted" } as const;

function Node({
  microgrid: { name },
  at: { x, y },
  mode,
  isCurrent,
}: {
  readonly microgrid: Microgrid;
  readonly at: Point;
  readonly mode: Mode;
  readonly isCurrent: boolean;
}) {
  return (
    <g>
      <circle
        cx={x}
        cy={y}
        r={RADIUS}
        fill={isCurrent ? "var(--leaf-soft)" : "var(--sunken)"}
        stroke={`var(${COLOURS[mode]})`}
        strokeWidth={isCurrent ? 4 : 2.5}
        strokeDasharray={mode === "Connected" ? "none" : "5 4"}
      />
      {/* A roof. */}
      <path
        d={`M${x - 12} ${y + 2} L${x} ${y - 11} L${x + 12} ${y + 2} M${x - 8} ${y - 1} V${y + 10} H${x + 8} V${y - 1}`}
        fill="none"
        stroke="var(--ink)"
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <text
        x={x}
        y={y + RADIUS + 16}
        textAnchor="middle"
        fill="var(--ink)"
        fontWeight={isCurrent ? 700 : 500}
      >
        {name.length > 18 ? `${name.slice(0, 17)}…` : name}
      </text>
    </g>
  );
}

/** Width of a full tie line; an idle one is thin. */
const WIDEST = 8;

function Line({
  line,
  from,
  to,
  time,
  open,
  currency,
}: {
  readonly line: LineWithFlow;
  readonly from: Point;
  readonly to: Point;
  /** Unix seconds. */
  readonly time: number;
  readonly open: boolean;
  readonly currency: Currency;
}) {
  const { t } = useLingui();
  const { up, down } = line;
  const [lower, higher] = [edge(from, to), edge(to, from)];
  const isNow = up.nowWh > 0n || down.nowWh > 0n;
  const [upWh, downWh] = isNow ? [up.nowWh, down.nowWh] : [up.todayWh, down.todayWh];
  const isUp = upWh >= downWh;
  const flowWh = isUp ? upWh : downWh;
  const [start, end] = isUp ? [lower, higher] : [higher, lower];
  const { lossBps, capacityWh, wheelingPerKwh } = crossingOf(
    line,
    isUp ? line.lower : line.higher,
    time,
  );
  const share = !isNow || capacityWh === 0n ? 0 : Number((flowWh * 100n) / capacityWh) / 100;
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const energy = formatEnergy(flowWh);
  const most = formatEnergy(capacityWh);
  return (
    <g>
      <line
        x1={lower.x}
        y1={lower.y}
        x2={higher.x}
        y2={higher.y}
        stroke="var(--control)"
        strokeWidth="2"
        strokeDasharray={open ? "none" : "3 5"}
      />
      {flowWh > 0n && (
        <line
          x1={start.x}
          y1={start.y}
          x2={end.x}
          y2={end.y}
          stroke="var(--sun)"
          strokeWidth={2 + share * WIDEST}
          markerEnd="url(#flow)"
          strokeLinecap="round"
        />
      )}
      <text x={middle.x} y={middle.y - 10} textAnchor="middle" fill="var(--ink)" fontWeight={600}>
        {isNow ? t`${energy} now` : t`${energy} in 24 h`}
      </text>
      <text x={middle.x} y={middle.y + 18} textAnchor="middle" fill="var(--muted)" fontSize="10.5">
        {`−${formatLoss(lossBps)}, ≤ ${most}`}
      </text>
      <text x={middle.x} y={middle.y + 32} textAnchor="middle" fill="var(--muted)" fontSize="10.5">
        {`+${formatPrice(wheelingPerKwh, currency)}`}
      </text>
    </g>
  );
}

/** The point where a tie line leaves a microgrid's circle. */
function edge(from: Point, to: Point): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const gap = RADIUS + 5;
  return { x: from.x + (dx / length) * gap, y: from.y + (dy / length) * gap };
}

import { useLingui } from "@lingui/react/macro";
import { type EnergyBySlot, type SlotRange, slotEnd, slotStart, slotsIn } from "@wattline/sdk";
import { formatClock, formatEnergy } from "../ui/index.ts";

/** Of the drawing, whose width is one unit a slot. */
const HEIGHT = 100;
const GAP = 0.2;

/** In which slots a purchase delivers how much, before it is paid. */
export function PlanCurve({
  energyWh,
  window,
  slotSeconds,
}: {
  /** As it arrives. */
  readonly energyWh: EnergyBySlot;
  readonly window: SlotRange;
  readonly slotSeconds: number;
}) {
  const { t } = useLingui();
  const chosen = [...energyWh].filter(([, wh]) => wh > 0n).sort(([a], [b]) => a - b);
  const [first] = chosen;
  const last = chosen.at(-1);
  if (first === undefined || last === undefined) return null;
  const [peakSlot, peakWh] = chosen.reduce((best, each) => (each[1] > best[1] ? each : best));
  const slots = slotsIn(window);
  const [from, to] = [
    formatClock(slotStart(first[0], slotSeconds)),
    formatClock(slotEnd(last[0], slotSeconds)),
  ];
  const [count, peak] = [String(chosen.length), formatClock(slotStart(peakSlot, slotSeconds))];
  const words =
    chosen.length === 1
      ? t`All of it from ${from} to ${to}`
      : t`${count} delivery slots from ${from} to ${to}, most at ${peak}: ${formatEnergy(peakWh)}`;
  return (
    <figure className="flex flex-col gap-1">
      <svg
        viewBox={`0 0 ${slots.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        className="h-14 w-full rounded-lg border border-line bg-sunken"
      >
        {slots.map((slot, index) => {
          const height = (Number(energyWh.get(slot) ?? 0n) / Number(peakWh)) * HEIGHT;
          return (
            <rect
              key={slot}
              x={index + GAP / 2}
              y={HEIGHT - height}
              width={1 - GAP}
              height={height}
              className="fill-leaf"
            />
          );
        })}
      </svg>
      <div aria-hidden="true" className="flex justify-between text-xs text-muted tabular-nums">
        <span>{formatClock(slotStart(window.firstSlot, slotSeconds))}</span>
        <span>{formatClock(slotEnd(window.lastSlot, slotSeconds))}</span>
      </div>
      <figcaption className="text-sm text-muted">{words}</figcaption>
    </figure>
  );
}

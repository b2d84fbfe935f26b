import { useLingui } from "@lingui/react/macro";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { clocksOf, rangeOf } from "./axis.ts";
import type { ChartProps, Series } from "./chartProps.ts";
import { formatClock, formatDay } from "./format.ts";
import { useTheme } from "./theme.ts";

/** Draws a chart with uPlot, in the theme's colours, as wide as its container. */
export default function UPlotChart({
  x,
  time = false,
  series,
  height = 260,
  stepX,
  labelX,
  formatX,
  formatY,
  onPick,
}: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ remove(): void }>(undefined);
  const { dark } = useTheme();
  const { t } = useLingui();

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which the theme changes.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    // In a task of its own, so that several charts do not hold the page up together.
    const drawing = setTimeout(() => {
      drawn.current?.remove();
      drawn.current = drawIn(element);
    });
    return () => clearTimeout(drawing);
  }, [x, time, series, height, stepX, labelX, formatX, formatY, onPick, dark, t]);

  useEffect(
    () => () => {
      drawn.current?.remove();
      drawn.current = undefined;
    },
    [],
  );

  function drawIn(element: HTMLElement) {
    const colours = getComputedStyle(document.documentElement);
    const colour = (name: string) => colours.getPropertyValue(`--${name}`).trim();
    const textX = (value: number) =>
      time ? `${formatDay(value)} ${formatClock(value)}` : (formatX?.(value) ?? String(value));
    const range = rangeOf(x, {
      time,
      bars: series.some(({ kind }) => kind === "bars"),
      step: stepX,
    });
    const axis = {
      stroke: colour("muted"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { stroke: colour("line"), width: 1 },
      font: "12px system-ui, sans-serif",
    };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: { x: { time, range: () => range }, y: { range: FROM_ZERO } },
        cursor: { drag: { x: false, y: false } },
        legend: { live: true },
        series: [
          {
            // An empty label would show as "Time" or "Value", in English.
            label: labelX ?? (time ? t`Time` : t`Amount`),
            value: (_, value) => (value === null ? "" : textX(value)),
          },
          ...series.map((one) => lineOf(one, colour(one.colour), formatY, time ? 1 : 0)),
        ],
        axes: [
          {
            ...axis,
            values: (_, ticks) =>
              time ? clocksOf(ticks) : ticks.map((tick) => formatX?.(tick) ?? String(tick)),
          },
          { ...axis, size: 72, values: (_, ticks) => ticks.map(formatY) },
        ],
      },
      [[...x], ...series.map(({ values }) => [...values])],
      element,
    );
    const pick = () => {
      const { idx } = plot.cursor;
      if (idx !== null && idx !== undefined) onPick?.(idx);
    };
    plot.over.addEventListener("click", pick);
    const observer = new ResizeObserver(() => {
      const width = element.clientWidth;
      // It tells the first size, too, in which the chart was just drawn.
      if (width !== plot.width) plot.setSize({ width, height });
    });
    observer.observe(element);
    return {
      remove() {
        observer.disconnect();
        plot.destroy();
      },
    };
  }

  return <div ref={place} className="w-full overflow-hidden text-sm text-ink" />;
}

/** An axis that did not begin at zero would make small differences look large. */
const FROM_ZERO: uPlot.Range.Config = {
  min: { soft: 0, mode: 1 },
  max: { soft: 0, mode: 1, pad: 0.1 },
};

function lineOf(
  { label, kind = "line", dashed = false }: Series,
  stroke: string,
  formatY: (value: number) => string,
  align: 0 | 1,
): uPlot.Series {
  const { bars, stepped } = uPlot.paths;
  const paths =
    kind === "bars"
      ? bars?.({ size: [0.8, align === 1 ? Number.POSITIVE_INFINITY : 40], radius: 0.15, align })
      : kind === "steps"
        ? stepped?.({ align: 1 })
        : undefined;
  return {
    label,
    stroke,
    width: 2,
    value: (_, value) => (value === null ? "–" : formatY(value)),
    points: { show: false },
    ...(dashed && { dash: [6, 5] }),
    ...((kind === "area" || kind === "bars") && {
      fill: `color-mix(in srgb, ${stroke} 25%, transparent)`,
    }),
    ...(paths && { paths }),
  };
}

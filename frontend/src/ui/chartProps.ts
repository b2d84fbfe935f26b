import type { ReactNode } from "react";

/** One line, area or row of bars. */
export interface Series {
  readonly label: string;
  /** A colour token of the theme: "leaf", "sun", "sky", "danger", "muted". */
  readonly colour: "leaf" | "sun" | "sky" | "danger" | "muted";
  readonly kind?: "line" | "area" | "steps" | "bars";
  readonly dashed?: boolean;
  /** One value per x, `null` where there is none. Numbers are for drawing only, never for sums. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What the chart shows, in a sentence or two, for readers who can't see it. */
  readonly summary: string;
  /** Unix seconds when `time`, else any ascending numbers. */
  readonly x: readonly number[];
  readonly time?: boolean;
  readonly series: readonly Series[];
  readonly height?: number;
  /** How far an x reaches, such as the seconds of a slot; by default to the next x. */
  readonly stepX?: number;
  /** What x is, in one word; by default time, or an amount. */
  readonly labelX?: string;
  /** Formats a value of y (and of x unless `time`). */
  formatY(value: number): string;
  formatX?(value: number): string;
  /** Called with the index into `x` when the chart is clicked. */
  onPick?(index: number): void;
  /** The same data as a table with exact values; its rows are made when the table is opened. */
  readonly table: {
    readonly head: readonly ReactNode[];
    rows(): readonly (readonly ReactNode[])[];
  };
}

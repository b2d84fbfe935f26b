import type { ReactNode } from "react";

/** One line, area or row of bars. */
export interface Series {
  readonly label: string;
  /** A colour token of the theme: "leaf", "sun", "sky", "danger", "muted". */
  readonly colour: "leaf" | "sun" | "sky" | "danger" | "muted";
  readonly kind?: "line" | "area" | "steps" | "bars";
  readonly dashed?: boolean;
  /** One value per x, `null` where there is none. For drawing only: pixels are no money. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What the chart shows, and what can be seen in it, in a sentence or two: for those who can't see it. */
  readonly summary: string;
  /** Unix seconds when `time`, else any ascending numbers. */
  readonly x: readonly number[];
  readonly time?: boolean;
  readonly series: readonly Series[];
  readonly height?: number;
  /** How a value of y (and x unless `time`) reads. */
  formatY(value: number): string;
  formatX?(value: number): string;
  /** A press on the chart: the index into `x`. */
  onPick?(index: number): void;
  /** The same as a table: exact values, from the same data; its rows are made when somebody opens it. */
  readonly table: {
    readonly head: readonly ReactNode[];
    rows(): readonly (readonly ReactNode[])[];
  };
}

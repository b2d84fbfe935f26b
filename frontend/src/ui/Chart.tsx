import { Trans } from "@lingui/react/macro";
import { Suspense, useState } from "react";
import type { ChartProps } from "./chartProps.ts";
import { lazily } from "./lazily.ts";
import { Skeleton } from "./states.tsx";

const UPlotChart = lazily(() => import("./UPlotChart.tsx"));

/** A chart, loaded when it is first shown, with a summary in words and its data as a table. */
export function Chart(props: ChartProps) {
  const { summary, height = 260, table } = props;
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="flex flex-col gap-2">
      <div role="img" aria-label={summary} style={{ minHeight: height }}>
        <Suspense fallback={<Skeleton className="h-full min-h-64 w-full" />}>
          <UPlotChart {...props} height={height} />
        </Suspense>
      </div>
      <figcaption className="text-sm text-muted">{summary}</figcaption>
      <details className="text-sm" onToggle={({ currentTarget }) => setAsTable(currentTarget.open)}>
        <summary className="inline-block rounded-md py-1 font-semibold">
          <Trans>As a table</Trans>
        </summary>
        {asTable && <DataAsTable summary={summary} table={table} />}
      </details>
    </figure>
  );
}

function DataAsTable({ summary, table }: Pick<ChartProps, "summary" | "table">) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
    <div className="mt-2 max-h-72 overflow-auto rounded-lg border border-line" tabIndex={0}>
      <table className="w-full text-left tabular-nums">
        <caption className="sr-only">{summary}</caption>
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {table.head.map((head, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a column is known by its position.
              <th key={index} scope="col" className="px-3 py-1.5 font-semibold">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows().map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is known by its position.
            <tr key={index} className="border-t border-line">
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column is known by its position.
                <td key={column} className="px-3 py-1.5">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

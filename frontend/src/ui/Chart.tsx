import { Trans } from "@lingui/react/macro";
import { Suspense, useState } from "react";
import type { ChartProps } from "./chartProps.ts";
import { lazily } from "./lazily.ts";
import { RowsTable } from "./RowsTable.tsx";
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
        {asTable && (
          <RowsTable
            className="mt-2 max-h-72"
            caption={summary}
            head={table.head}
            rows={table.rows()}
          />
        )}
      </details>
    </figure>
  );
}

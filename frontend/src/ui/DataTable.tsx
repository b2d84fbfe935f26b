import { type ComponentProps, lazy, Suspense } from "react";
import { SkeletonLines } from "./states.tsx";
import type VirtualTable from "./VirtualTable.tsx";

export type { Column, Sort } from "./VirtualTable.tsx";

const Lazy = lazy(() => import("./VirtualTable.tsx"));

/** A table of any length, sortable by its heads; its code comes when it is first shown. */
export function DataTable<Row>(props: ComponentProps<typeof VirtualTable<Row>>) {
  // The lazy component forgets the row's type; the props have been checked against it here.
  const Table = Lazy as unknown as typeof VirtualTable<Row>;
  return (
    <Suspense fallback={<SkeletonLines lines={6} />}>
      <Table {...props} />
    </Suspense>
  );
}

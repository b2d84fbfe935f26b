import { type ComponentProps, Suspense, use } from "react";
import { patiently } from "../browser/index.ts";
import { SkeletonLines } from "./states.tsx";
import type VirtualTable from "./VirtualTable.tsx";

export type { Column, Sort } from "./VirtualTable.tsx";

type Props<Row> = ComponentProps<typeof VirtualTable<Row>>;

let loading: Promise<typeof import("./VirtualTable.tsx")> | undefined;

/** A table of any length, sortable by its column headers; its code is loaded when it is first shown. */
export function DataTable<Row>(props: Props<Row>) {
  return (
    <Suspense fallback={<SkeletonLines lines={6} />}>
      <Loaded {...props} />
    </Suspense>
  );
}

/** Not by `lazy`, which would lose the row's type. */
function Loaded<Row>(props: Props<Row>) {
  loading ??= patiently(() => import("./VirtualTable.tsx"));
  const { default: Table } = use(loading);
  return <Table {...props} />;
}

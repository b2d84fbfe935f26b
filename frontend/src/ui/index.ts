export { Button, type ButtonProps, buttonClass, Spinner } from "./Button.tsx";
export { Card, PageHeader } from "./Card.tsx";
export { Chart } from "./Chart.tsx";
export type { ChartProps, Series } from "./chartProps.ts";
export { cx } from "./cx.ts";
export { type Column, DataTable, type Sort } from "./DataTable.tsx";
export { Dialog, Sheet } from "./Dialog.tsx";
export { Field, Input } from "./Field.tsx";
export { FileDrop } from "./FileDrop.tsx";
export {
  formatClock,
  formatCount,
  formatDay,
  formatEnergy,
  formatKwh,
  formatList,
  formatMillis,
  formatMoment,
  formatMoney,
  formatPrice,
  formatShare,
  formatUtc,
  shortAddress,
  type Unit,
} from "./format.ts";
export { lazily } from "./lazily.ts";
export { amountFault, parseAmount, typedAmount } from "./parse.ts";
export { RowsTable } from "./RowsTable.tsx";
export { Select } from "./Select.tsx";
export { useSourceNames } from "./sources.ts";
export { amountCell, type Cell, spreadsheetCsv } from "./spreadsheet.ts";
export {
  Badge,
  EmptyState,
  ErrorState,
  Notice,
  ReadingFailureContext,
  Skeleton,
  SkeletonLines,
  Stat,
  type Tone,
} from "./states.tsx";
export { type Tab, Tabs } from "./Tabs.tsx";
export { setTheme, THEMES, type Theme, useTheme } from "./theme.ts";
export { AddressText, CurrencyContext, Energy, Money, Price, SlotTime } from "./values.tsx";
export { WhenNear } from "./WhenNear.tsx";

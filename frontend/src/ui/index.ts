export { Button, type ButtonProps, buttonClass, Spinner } from "./Button.tsx";
export { Card, PageHeader } from "./Card.tsx";
export { Chart } from "./Chart.tsx";
export type { ChartProps, Series } from "./chartProps.ts";
export { cx } from "./cx.ts";
export { type Column, DataTable, type Sort } from "./DataTable.tsx";
export { Dialog, Sheet } from "./Dialog.tsx";
export { Field, HexInput, Input } from "./Field.tsx";
export { FileDrop } from "./FileDrop.tsx";
export {
  centOf,
  decimalMark,
  formatClock,
  formatCount,
  formatDay,
  formatEnergy,
  formatExactly,
  formatKwh,
  formatList,
  formatMillis,
  formatMoment,
  formatMoney,
  formatPower,
  formatPrice,
  formatShare,
  formatSpan,
  formatUtc,
  MILLIS_DECIMALS,
  shortAddress,
  type Unit,
  unitOf,
} from "./format.ts";
export { lazily } from "./lazily.ts";
export { amountFault, parseAmount, typedAmount } from "./parse.ts";
export { RowsTable } from "./RowsTable.tsx";
export { roundTogether } from "./roundTogether.ts";
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
export { useWholeCents } from "./useWholeCents.ts";
export {
  AddressText,
  CurrencyContext,
  Energy,
  Money,
  Power,
  Price,
  SlotTime,
} from "./values.tsx";
export { WhenNear } from "./WhenNear.tsx";

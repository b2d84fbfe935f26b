import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import { cx } from "./cx.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly header: ReactNode;
  /** The content of a row's cell. */
  cell(row: Row): ReactNode;
  /** As in `grid-template-columns`: "2fr", "8rem". */
  readonly width?: string;
  readonly align?: "start" | "end";
  /** Whether the rows can be sorted by it. */
  readonly sortable?: boolean;
  /** Hidden at phone width. */
  readonly wide?: boolean;
}

/** How rows are sorted. The caller sorts them, and usually holds this in the URL. */
export interface Sort {
  readonly by: string;
  readonly descending: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  keyOf(row: Row): string;
  readonly sort?: Sort;
  onSort?(sort: Sort): void;
  /** Called when a row is clicked, but for the controls in it. A cell should have a button that does the same. */
  onOpen?(row: Row): void;
  readonly rowHeight?: number;
  /** CSS height of the part that scrolls. */
  readonly height?: string;
}

/** A table of any length: only the visible rows are rendered. */
export default function VirtualTable<Row>({
  label,
  rows,
  columns,
  keyOf,
  sort,
  onSort,
  onOpen,
  rowHeight = 52,
  height = "min(60dvh, 36rem)",
}: TableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const template = {
    "--wide": gridOf(columns),
    "--narrow": gridOf(columns.filter((c) => !c.wide)),
  };
  const grid =
    "grid grid-cols-(--narrow) items-center gap-x-2 px-3 sm:grid-cols-(--wide) sm:gap-x-3";
  return (
    <section
      ref={scroller}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
      tabIndex={0}
      className="overflow-auto rounded-xl border border-line -outline-offset-2"
      style={{ maxHeight: height, ...template } as React.CSSProperties}
    >
      <table aria-rowcount={rows.length + 1} className="block">
        <caption className="sr-only">{label}</caption>
        <thead className="sticky top-0 z-10 block border-b border-line bg-sunken">
          <tr aria-rowindex={1} className={cx(grid, "min-h-11 text-sm")}>
            {columns.map((column) => (
              <Header key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody className="relative block" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <tr
                aria-rowindex={index + 2}
                key={keyOf(row)}
                onClick={
                  onOpen &&
                  (({ currentTarget, target }) => {
                    // A dialog that a cell has opened is no part of the row, though its clicks come here.
                    if (!(target instanceof Element) || !currentTarget.contains(target)) return;
                    if (target.closest("button, a") === null) onOpen(row);
                  })
                }
                className={cx(
                  grid,
                  "absolute inset-x-0 border-b border-line text-sm",
                  onOpen && "cursor-pointer hover:bg-sunken",
                )}
                style={{ height: rowHeight, transform: `translateY(${start}px)` }}
              >
                {columns.map((column) => (
                  <td key={column.id} className={cellClass(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Header<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}) {
  const sorted = sort?.by === column.id;
  const order = !sorted ? "none" : sort.descending ? "descending" : "ascending";
  const press = () => onSort?.({ by: column.id, descending: sorted && !sort.descending });
  return (
    <th scope="col" aria-sort={column.sortable ? order : undefined} className={cellClass(column)}>
      {column.sortable && onSort ? (
        <button type="button" onClick={press} className="min-h-8 rounded-md font-semibold">
          {column.header}{" "}
          <span aria-hidden="true">{sorted ? (sort.descending ? "↓" : "↑") : ""}</span>
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

const gridOf = (columns: readonly { readonly width?: string }[]): string =>
  columns.map(({ width }) => width ?? "minmax(0,1fr)").join(" ");

const cellClass = ({ align, wide }: { align?: "start" | "end"; wide?: boolean }): string =>
  cx("min-w-0 truncate", align === "end" ? "text-right" : "text-left", wide && "hidden sm:block");

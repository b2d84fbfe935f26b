import type { ReactNode } from "react";
import { cx } from "./cx.ts";

/** A section of a page. With a title it is a region that screen readers list. */
export function Card({
  title,
  actions,
  id,
  className,
  children,
}: {
  readonly title?: ReactNode;
  /** For links to it. */
  readonly id?: string;
  /** Beside the title. */
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  return (
    <section
      id={id}
      className={cx("rounded-2xl border border-line bg-surface p-4 shadow-card sm:p-5", className)}
    >
      {(title !== undefined || actions !== undefined) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          <h2 className="text-lg font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** A page's heading, purpose and actions. */
export function PageHeader({
  title,
  children,
  actions,
}: {
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="mb-5 flex flex-wrap items-end justify-between gap-3">
      <div>
        <h1 className="text-2xl font-bold tracking-tight sm:text-3xl">{title}</h1>
        {children && <p className="mt-1 max-w-2xl text-muted">{children}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

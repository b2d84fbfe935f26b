import { Trans } from "@lingui/react/macro";
import { type ComponentType, createContext, type ReactNode, use } from "react";
import { Button } from "./Button.tsx";
import { cx } from "./cx.ts";

const TONES = {
  neutral: "bg-sunken text-ink",
  leaf: "bg-leaf-soft text-leaf",
  sun: "bg-sun-soft text-sun-text",
  sky: "bg-sky-soft text-sky",
  danger: "bg-danger-soft text-danger",
} as const;

export type Tone = keyof typeof TONES;

export function Badge({
  tone = "neutral",
  children,
}: {
  readonly tone?: Tone;
  readonly children: ReactNode;
}) {
  return (
    <span
      className={cx(
        "inline-flex items-center gap-1 rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}

/** Shown where there is nothing yet: says what will be here, and how to get it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  readonly icon?: ReactNode;
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      {icon && (
        <div
          aria-hidden="true"
          className="mb-1 grid size-14 place-items-center rounded-full bg-sun-soft text-sun-text"
        >
          {icon}
        </div>
      )}
      <p className="font-semibold">{title}</p>
      {children && <p className="max-w-md text-sm text-muted">{children}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** Says why reading failed, in the reader's language: nodes and libraries speak English alone. */
export const ReadingFailureContext = createContext<ComponentType<{ readonly error: Error }>>(
  ({ error }) => error.message,
);

/** Shown when reading failed: says what and why, with a button to try again. */
export function ErrorState({
  title,
  error,
  onRetry,
}: {
  readonly title: ReactNode;
  readonly error?: Error | null;
  readonly onRetry?: () => void;
}) {
  const Why = use(ReadingFailureContext);
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <p className="font-semibold text-danger">{title}</p>
      {error && (
        <div className="max-w-md text-sm break-words text-muted">
          <Why error={error} />
        </div>
      )}
      {onRetry && (
        <Button onClick={onRetry} className="mt-2">
          <Trans>Try again</Trans>
        </Button>
      )}
    </div>
  );
}

/** A placeholder for what is still being read. */
export function Skeleton({ className }: { readonly className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx("block animate-pulse rounded-lg bg-sunken", className ?? "h-4 w-full")}
    />
  );
}

/** Placeholders for several lines, announced once. */
export function SkeletonLines({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div role="status" className="flex flex-col gap-3 py-2">
      <span className="sr-only">
        <Trans>Loading</Trans>
      </span>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all the same.
        <Skeleton key={index} className="h-6 w-full" />
      ))}
    </div>
  );
}

/** One figure with its label. */
export function Stat({
  label,
  value,
  detail,
  tone,
}: {
  readonly label: ReactNode;
  readonly value: ReactNode;
  readonly detail?: ReactNode;
  readonly tone?: "leaf" | "sun" | "sky";
}) {
  const tones = { leaf: "border-l-leaf", sun: "border-l-sun", sky: "border-l-sky" };
  return (
    <div
      className={cx(
        "min-w-0 rounded-2xl border border-line bg-surface px-3 py-3 shadow-card sm:px-4",
        tone && `border-l-4 ${tones[tone]}`,
      )}
    >
      <p className="text-sm break-words hyphens-auto text-muted">{label}</p>
      <p className="mt-0.5 text-xl font-bold tabular-nums sm:text-2xl">{value}</p>
      {detail && <p className="mt-0.5 text-sm break-words hyphens-auto text-muted">{detail}</p>}
    </div>
  );
}

const NOTICE_TONES = {
  info: "border-sky bg-sky-soft",
  warning: "border-sun bg-sun-soft",
  danger: "border-danger bg-danger-soft",
} as const;

/** An important message. */
export function Notice({
  tone = "info",
  icon,
  children,
  action,
}: {
  readonly tone?: keyof typeof NOTICE_TONES;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div
      role="status"
      className={cx(
        "flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border-l-4 px-4 py-2.5 text-sm text-ink",
        NOTICE_TONES[tone],
      )}
    >
      {icon && <span aria-hidden="true">{icon}</span>}
      <div className="min-w-0 flex-1">{children}</div>
      {action}
    </div>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { CalendarRange } from "lucide-react";
import { Button, EmptyState, formatCount } from "../ui/index.ts";
import type { FileFault, StudyProgress } from "./worker/messages.ts";
import type { StudyError } from "./worker/startStudy.ts";

/** Shown before there is a home. */
export function Nothing({ onSample }: { onSample(): void }) {
  return (
    <EmptyState
      icon={<CalendarRange />}
      title={<Trans>Your year with the neighbours</Trans>}
      action={
        <Button look="primary" size="large" onClick={onSample}>
          <Trans>Look at the sample home</Trans>
        </Button>
      }
    >
      <Trans>
        Choose your meter's file, or look at a sample home first. You see your bills with and
        without neighbours, the best and the worst month, and what a battery would change.
      </Trans>
    </EmptyState>
  );
}

export function Running({
  progress,
  onStop,
}: {
  readonly progress: StudyProgress | undefined;
  onStop(): void;
}) {
  const { t } = useLingui();
  const [done, of] = [formatCount(progress?.done ?? 0), formatCount(progress?.of ?? 0)];
  const label =
    progress?.phase === "reading"
      ? t`Reading your files: ${done} of ${of}`
      : progress?.phase === "studying"
        ? t`Computing a year of every home`
        : t`Starting`;
  return (
    <div className="flex flex-col gap-3">
      <progress
        aria-label={t`Study`}
        className="h-3 w-full accent-(--leaf)"
        {...(progress?.phase === "reading" && { value: progress.done, max: progress.of })}
      />
      <p role="status" className="text-sm text-muted tabular-nums">
        {label}
      </p>
      <Button onClick={onStop} className="self-start">
        <Trans>Cancel</Trans>
      </Button>
    </div>
  );
}

/** Says what is wrong, and where in which file. */
export function Failed({ error }: { readonly error: StudyError }) {
  return (
    <div role="alert" className="flex flex-col gap-3 py-2">
      <p className="font-semibold text-danger">
        {error.fault === undefined ? (
          <Trans>This could not be computed</Trans>
        ) : (
          <Trans>A file could not be read</Trans>
        )}
      </p>
      {error.fault === undefined ? (
        <p lang="en" className="text-sm break-words">
          {error.message}
        </p>
      ) : (
        <Fault {...error.fault} />
      )}
      <p className="text-sm text-muted">
        <Trans>
          Nothing was taken from it. Remove it, or choose it again when it is corrected.
        </Trans>
      </p>
    </div>
  );
}

function Fault({ file, row, column, value, expected }: FileFault) {
  const { t } = useLingui();
  const lines = [
    [t`File`, file],
    [t`Row`, row === undefined ? undefined : formatCount(row)],
    [t`Column`, column],
    [t`Found`, value],
  ] as const;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
      {lines.map(
        ([name, text]) =>
          text !== undefined && (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="break-words">{text}</dd>
            </div>
          ),
      )}
      <dt className="text-muted">
        <Trans>Expected</Trans>
      </dt>
      <dd lang="en" className="break-words">
        {expected}
      </dd>
    </dl>
  );
}

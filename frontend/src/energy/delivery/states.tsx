import { Trans, useLingui } from "@lingui/react/macro";
import { Button, formatCount } from "../../ui/index.ts";
import { ReadingFailure } from "../../wallet/index.ts";
import type { DeliveryProgress } from "./worker/messages.ts";
import type { DeliveryError } from "./worker/runJob.ts";

/** Shown while a statement is checked or made. */
export function Running({
  progress,
  onStop,
}: {
  readonly progress: DeliveryProgress | undefined;
  onStop(): void;
}) {
  const { t } = useLingui();
  const [done, of] = [formatCount(progress?.done ?? 0), formatCount(progress?.of ?? 0)];
  return (
    <div className="flex flex-col gap-2">
      <progress
        aria-label={t`Reading the chain`}
        className="h-3 w-full accent-(--leaf)"
        {...(progress && { value: progress.done, max: progress.of })}
      />
      <p role="status" className="text-sm text-muted tabular-nums">
        {progress ? (
          <Trans>
            Reading the chain: block {done} of {of}
          </Trans>
        ) : (
          <Trans>Asking the node</Trans>
        )}
      </p>
      <Button size="small" onClick={onStop} className="self-start">
        <Trans>Cancel</Trans>
      </Button>
    </div>
  );
}

/** Says what is wrong with the file, or why the node could not be asked. */
export function Failed({ error }: { readonly error: DeliveryError }) {
  return (
    <div role="alert" className="text-sm break-words">
      <p className="font-semibold text-danger">
        {error.isFile ? (
          <Trans>The file could not be read</Trans>
        ) : (
          <Trans>This could not be checked</Trans>
        )}
      </p>
      {error.isFile ? <p lang="en">{error.message}</p> : <ReadingFailure error={error} />}
    </div>
  );
}

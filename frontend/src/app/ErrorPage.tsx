import { Trans } from "@lingui/react/macro";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { buttonClass, EmptyState, ErrorState } from "../ui/index.ts";

/** A page that could not be shown. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const fault = error instanceof Error ? error : new Error(String(error));
  return (
    <ErrorState title={<Trans>This page could not be shown</Trans>} error={fault} onRetry={reset} />
  );
}

export function NotFoundPage() {
  return (
    <EmptyState
      title={<Trans>There is no such page</Trans>}
      action={
        <Link to="/market" className={buttonClass("primary")}>
          <Trans>To the market</Trans>
        </Link>
      }
    />
  );
}

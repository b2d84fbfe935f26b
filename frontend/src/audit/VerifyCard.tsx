import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { type AuditProgress, outcomeOfAll } from "@wattline/audit";
import { ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { Suspense } from "react";
import {
  Button,
  Card,
  ErrorState,
  formatCount,
  lazily,
  Notice,
  SkeletonLines,
} from "../ui/index.ts";
import { usePromises } from "./names.ts";
import { useVerification, type Verification } from "./useVerification.ts";

const VerifiedReport = lazily(() => import("./VerifiedReport.tsx"));

/** Verifies the whole history in this browser, from the chain alone. */
export function VerifyCard() {
  const { verification, start, cancel } = useVerification();
  const { state } = verification;
  return (
    <Card
      title={<Trans>Check it yourself</Trans>}
      actions={
        state === "running" ? (
          <Button onClick={cancel}>
            <Trans>Cancel</Trans>
          </Button>
        ) : (
          <Button look={state === "done" ? "secondary" : "primary"} onClick={() => void start()}>
            <ShieldCheck aria-hidden="true" className="size-4" />
            {state === "done" ? <Trans>Verify again</Trans> : <Trans>Verify everything</Trans>}
          </Button>
        )
      }
    >
      <Body verification={verification} onRetry={() => void start()} />
    </Card>
  );
}

function Body({ verification, onRetry }: { readonly verification: Verification; onRetry(): void }) {
  switch (verification.state) {
    case "idle":
      return <Promises />;
    case "running":
      return <Running progress={verification.progress} />;
    case "failed":
      return (
        <ErrorState
          title={<Trans>The history could not be verified</Trans>}
          error={verification.error}
          onRetry={onRetry}
        />
      );
    case "done":
      return (
        <>
          <Verdict {...verification.result} />
          <Suspense fallback={<SkeletonLines />}>
            <VerifiedReport result={verification.result} />
          </Suspense>
        </>
      );
  }
}

/** The promises that will be verified. */
function Promises() {
  const promises = usePromises();
  return (
    <>
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          Your browser reads every transaction from the chain, checks every signature and
          recalculates every sum. None of our services is used. These promises must hold:
        </Trans>
      </p>
      <ol className="mt-3 grid list-decimal gap-x-8 gap-y-1.5 pl-5 text-sm md:grid-cols-2">
        {promises.map(({ number, text }) => (
          <li key={number}>{text}</li>
        ))}
      </ol>
    </>
  );
}

function Running({ progress: { phase, done, of } }: { readonly progress: AuditProgress }) {
  const { t } = useLingui();
  const [soFar, all] = [formatCount(done), of === undefined ? "" : formatCount(of)];
  const label =
    phase === "reading"
      ? of === undefined
        ? t`Asking the node`
        : t`Reading and checking: block ${soFar} of ${all}`
      : t`Comparing with the chain's state: ${soFar} answers`;
  return (
    <div className="flex flex-col gap-2">
      <progress
        aria-label={t`Verification`}
        className="h-3 w-full accent-(--leaf)"
        {...(phase === "reading" && of !== undefined && { value: done, max: of })}
      />
      <p className="text-sm text-muted tabular-nums">{label}</p>
    </div>
  );
}

function Verdict({ verdicts, end }: Extract<Verification, { state: "done" }>["result"]) {
  const failed = verdicts.reduce((sum, each) => sum + each.failed, 0);
  const checked = verdicts.reduce((sum, each) => sum + each.checked, 0);
  const [block, count] = [formatCount(end.number), formatCount(checked)];
  switch (outcomeOfAll(verdicts)) {
    case "passed":
      return (
        <Notice icon={<ShieldCheck className="size-6 text-leaf" />}>
          <strong>
            <Trans>All checks passed.</Trans>
          </strong>{" "}
          <Trans>
            {count} things were checked up to block {block}; none was wrong.
          </Trans>
        </Notice>
      );
    case "failed":
      return (
        <Notice tone="danger" icon={<ShieldAlert className="size-6 text-danger" />}>
          <strong>
            <Plural value={failed} one="# thing is wrong." other="# things are wrong." />
          </strong>{" "}
          <Trans>
            {count} things were checked up to block {block}. Each finding names its transaction.
          </Trans>
        </Notice>
      );
    case "in part":
      return (
        <Notice icon={<ShieldQuestion className="size-6 text-sun-text" />}>
          <strong>
            <Trans>All checks that could be made passed.</Trans>
          </strong>{" "}
          <Trans>
            {count} things were checked up to block {block}; none was wrong. What could not be
            checked is named below.
          </Trans>
        </Notice>
      );
    default:
      return (
        <Notice icon={<ShieldQuestion className="size-6 text-sun-text" />}>
          <strong>
            <Trans>Nothing was checked.</Trans>
          </strong>{" "}
          <Trans>Up to block {block} there was nothing to check.</Trans>
        </Notice>
      );
  }
}

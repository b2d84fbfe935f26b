import { Plural, Trans } from "@lingui/react/macro";
import { CircleAlert, CircleCheck, CircleHelp, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Energy, formatCount, formatList, Spinner, shortAddress } from "../../ui/index.ts";
import { ReadingFailure } from "../../wallet/index.ts";
import type { Certificate } from "./read.ts";
import type { Result, Verification } from "./verify.ts";

/** What was verified of a certificate, and against which node. */
export function VerificationBox({
  certificate,
  verification,
  error,
  busy,
  onVerify,
}: {
  readonly certificate: Certificate;
  readonly verification: Verification | undefined;
  readonly error: Error | null;
  readonly busy: boolean;
  onVerify(): void;
}) {
  const { rpcUrl } = certificate.network;
  return (
    <section aria-live="polite" className="rounded-2xl border border-line p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-bold">
          {verification === undefined ? (
            error ? (
              <Trans>Not verified</Trans>
            ) : (
              <Trans>Verifying…</Trans>
            )
          ) : (
            <Verdict verification={verification} />
          )}
        </h2>
        <Button size="small" busy={busy} onClick={onVerify} className="print:hidden">
          <RefreshCw aria-hidden="true" className="size-4" />
          <Trans>Verify again</Trans>
        </Button>
      </div>
      {error && (
        <div role="alert" className="mt-2 text-sm break-words text-danger">
          <ReadingFailure error={error} />
        </div>
      )}
      {verification === undefined && !error && <Spinner className="mt-3" />}
      {verification && <Checks certificate={certificate} verification={verification} />}
      <p className="mt-3 text-xs break-words text-muted">
        {verification ? (
          <Trans>
            Checked in this browser against {rpcUrl}, up to block {formatCount(verification.head)}.
            No index and no server of Wattline was asked. You trust that endpoint to report the
            chain correctly.
          </Trans>
        ) : (
          <Trans>Checked in this browser against {rpcUrl}, without any index.</Trans>
        )}
      </p>
    </section>
  );
}

const resultsOf = ({ onChain, burnt, supply, signatures }: Verification): Result[] => [
  onChain,
  burnt,
  supply,
  signatures,
];

function Verdict({ verification }: { readonly verification: Verification }) {
  const results = resultsOf(verification);
  if (results.includes("failed")) {
    return (
      <span className="text-danger">
        <Trans>Something is wrong with this certificate</Trans>
      </span>
    );
  }
  return results.includes("open") ? (
    <Trans>Verified in part</Trans>
  ) : (
    <span className="text-leaf">
      <Trans>Verified</Trans>
    </span>
  );
}

function Checks({
  certificate,
  verification,
}: {
  readonly certificate: Certificate;
  readonly verification: Verification;
}) {
  const { network, microgridName } = certificate;
  const { onChain, burnt, supply, signatures, readings, reportedWh, retiredWh } = verification;
  const { meters, microgrids } = verification;
  const places = formatList(microgrids);
  const { signed, forged, unseen } = readings;
  const block = formatCount(certificate.block);
  const chain = network.name;
  const holder = shortAddress(certificate.holder);
  return (
    <ul className="mt-3 flex flex-col gap-2 text-sm">
      <Check result={onChain}>
        {onChain === "proved" ? (
          <Trans>
            {chain} has recorded the retirement in its block {block}.
          </Trans>
        ) : (
          <Trans>The transaction failed, or its block is no longer part of the chain.</Trans>
        )}
      </Check>
      <Check result={burnt}>
        {burnt === "proved" ? (
          <Trans>
            In the same transaction exactly this energy left the balance of {holder} for good:
            nobody can sell or claim it again.
          </Trans>
        ) : (
          <Trans>
            The energy that left the balance of {holder} is not the energy of this certificate.
          </Trans>
        )}
      </Check>
      <Check result={supply}>
        {supply === "failed" ? (
          <Trans>
            More is retired of these slots, or sent on, than meters have reported: meters of{" "}
            {places} reported <Energy wh={reportedWh} />, and <Energy wh={retiredWh} /> are retired
            in {microgridName}.
          </Trans>
        ) : microgrids.length > 1 ? (
          <Trans>
            It was produced: <Plural value={meters} one="# meter" other="# meters" /> of {places}{" "}
            reported <Energy wh={reportedWh} /> of this source in these slots. Some of it came over
            tie lines and was followed back to where it was made: nowhere is more retired or sent on
            than was reported or arrived (
            <Energy wh={retiredWh} /> retired in {microgridName} so far, this included).
          </Trans>
        ) : (
          <Trans>
            It was produced: <Plural value={meters} one="# meter" other="# meters" /> of{" "}
            {microgridName} reported <Energy wh={reportedWh} /> of this source in these slots, and
            no more than that is retired of it in any slot (
            <Energy wh={retiredWh} /> so far, this included).
          </Trans>
        )}
      </Check>
      <Check result={signatures}>
        {signatures === "proved" ? (
          <Plural
            value={signed}
            one="The reading behind it is signed by the meter's own key."
            other="Each of the # readings behind it is signed by the meter's own key."
          />
        ) : signatures === "failed" ? (
          <Plural
            value={forged}
            one="A reading behind it is not signed by its meter's key."
            other="# readings behind it are not signed by their meter's key."
          />
        ) : (
          <Trans>
            {signed} readings behind it are signed by the meter's own key. The signatures of{" "}
            {unseen} could not be seen, as another contract submitted them.
          </Trans>
        )}
      </Check>
    </ul>
  );
}

const LOOKS = {
  proved: { Icon: CircleCheck, look: "text-leaf" },
  failed: { Icon: CircleAlert, look: "text-danger" },
  open: { Icon: CircleHelp, look: "text-sun-text" },
} as const;

function Check({ result, children }: { readonly result: Result; readonly children: ReactNode }) {
  const { Icon, look } = LOOKS[result];
  const words = {
    proved: <Trans>Proved:</Trans>,
    failed: <Trans>Wrong:</Trans>,
    open: <Trans>Open:</Trans>,
  };
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden="true" className={`mt-0.5 size-5 shrink-0 ${look}`} />
      <span>
        <span className="sr-only">{words[result]} </span>
        {children}
      </span>
    </li>
  );
}

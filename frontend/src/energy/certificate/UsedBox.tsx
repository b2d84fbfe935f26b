import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { statementOfPurpose } from "@wattline/sdk/statements";
import { FileDrop, formatKwh, Notice } from "../../ui/index.ts";
import { Failed, Running } from "../delivery/states.tsx";
import { useDeliveryJob } from "../delivery/useDeliveryJob.ts";
import type { CheckedDelivery } from "../delivery/worker/messages.ts";
import { Fact, FullHex } from "../Fact.tsx";
import type { Certificate } from "./read.ts";

/** Whether the energy was used in the slots in which it was made: only a delivery statement can show that. */
export function UsedBox({ certificate }: { readonly certificate: Certificate }) {
  const { t } = useLingui();
  const { network, purpose, transaction, logIndex } = certificate;
  const { state, start, stop } = useDeliveryJob(network);
  const named = statementOfPurpose(purpose);
  return (
    <section aria-live="polite" className="flex flex-col gap-3 rounded-2xl border border-line p-4">
      <h2 className="text-lg font-bold">
        <Trans>Was it used when it was made?</Trans>
      </h2>
      {state.state === "done" ? (
        <Answer certificate={certificate} checked={state.checked} />
      ) : (
        <p className="text-sm">
          <strong>
            <Trans>Not shown.</Trans>
          </strong>{" "}
          <Trans>A retirement does not say who used the energy. A delivery statement does.</Trans>
        </p>
      )}
      {named && (
        <dl className="text-sm">
          <Fact term={<Trans>It was retired for the delivery statement</Trans>}>
            <FullHex>{named}</FullHex>
          </Fact>
        </dl>
      )}
      {state.state === "running" && <Running progress={state.progress} onStop={stop} />}
      {state.state === "failed" && <Failed error={state.error} />}
      {named && state.state !== "running" && (
        <FileDrop
          label={t`Delivery statement`}
          onFiles={([file]) =>
            file && void start({ kind: "check", file, retirement: { transaction, logIndex } })
          }
        >
          <Trans>If the household gave it to you, choose it here. It is sent nowhere.</Trans>
        </FileDrop>
      )}
    </section>
  );
}

function Answer({
  certificate,
  checked,
}: {
  readonly certificate: Certificate;
  readonly checked: CheckedDelivery;
}) {
  const { findings, usedWh } = checked;
  const [used, all] = [formatKwh(usedWh), formatKwh(certificate.totalWh)];
  if (findings.length > 0) {
    return (
      <Notice
        tone="danger"
        action={
          <Link to="/delivery" className="text-leaf underline">
            <Trans>Check a statement</Trans>
          </Link>
        }
      >
        <strong>
          <Trans>Not shown.</Trans>
        </strong>{" "}
        <Trans>This delivery statement does not hold.</Trans>
      </Notice>
    );
  }
  if (usedWh === 0n) {
    return (
      <Notice tone="warning">
        <strong>
          <Trans>Not shown.</Trans>
        </strong>{" "}
        <Trans>This delivery statement holds, but nothing of this energy counts in it.</Trans>
      </Notice>
    );
  }
  return (
    <Notice>
      <strong>
        {usedWh === certificate.totalWh ? <Trans>Yes.</Trans> : <Trans>In part.</Trans>}
      </strong>{" "}
      <Trans>
        By this delivery statement the household used {used} of {all} in the slots in which they
        were made.
      </Trans>
    </Notice>
  );
}

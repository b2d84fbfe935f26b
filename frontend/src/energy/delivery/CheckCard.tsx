import { Trans, useLingui } from "@lingui/react/macro";
import { useNetwork } from "../../chain/index.ts";
import { Card, FileDrop } from "../../ui/index.ts";
import { DeliverySheet } from "./DeliverySheet.tsx";
import { Failed, Running } from "./states.tsx";
import { useDeliveryJob } from "./useDeliveryJob.ts";

/** Checks a statement against the chain, trusting nobody. */
export function CheckCard() {
  const { t } = useLingui();
  const { state, start, stop } = useDeliveryJob(useNetwork());
  return (
    <>
      <Card title={<Trans>Check a statement</Trans>} className="print:hidden">
        <div className="flex flex-col gap-3">
          <FileDrop
            label={t`Delivery statement`}
            onFiles={([file]) => file && void start({ kind: "check", file })}
          >
            <Trans>
              The JSON file that the household gave you. Your browser checks every signature,
              purchase, retirement and sum against the chain. You trust nobody but the node that is
              asked.
            </Trans>
          </FileDrop>
          {state.state === "running" && <Running progress={state.progress} onStop={stop} />}
          {state.state === "failed" && <Failed error={state.error} />}
        </div>
      </Card>
      {state.state === "done" && <DeliverySheet checked={state.checked} />}
    </>
  );
}

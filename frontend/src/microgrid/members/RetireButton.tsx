import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { Address } from "viem";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import { Button, Dialog, shortAddress } from "../../ui/index.ts";
import { CallButton } from "../operator/CallButton.tsx";

/** Retires a meter, after a confirmation, because it can't be undone. */
export function RetireButton({ meter }: { readonly meter: Address }) {
  const [open, setOpen] = useState(false);
  const { meters } = contractsOf(useNetwork());
  const { t } = useLingui();
  const name = shortAddress(meter);
  return (
    <>
      <Button size="small" look="ghost" onClick={() => setOpen(true)}>
        <Trans>Retire</Trans>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={<Trans>Retire the meter {name}?</Trans>}
        description={
          <Trans>
            It reports nothing any more, and its device key can't be registered again. Energy and
            money of the household stay as they are.
          </Trans>
        }
      >
        <CallButton
          look="danger"
          label={<Trans>Retire it for good</Trans>}
          title={t`Retire the meter ${name}`}
          call={() => callOf(meters, "retireMeter", [meter])}
          onDone={() => setOpen(false)}
        />
      </Dialog>
    </>
  );
}

import { Trans } from "@lingui/react/macro";
import { loadMessages } from "../i18n/index.ts";
import { type OpenDialog, OrderDialog } from "./OrderDialog.tsx";

// The words come with what is said in them.
await loadMessages("orders");

/** Signing an offer. */
export function SellDialog(dialog: OpenDialog) {
  return (
    <OrderDialog side="offer" title={<Trans>Sell energy</Trans>} {...dialog}>
      <Trans>
        Sign once what you sell and for how much. Neighbours buy it when it suits them; you need not
        be there.
      </Trans>
    </OrderDialog>
  );
}

import { Trans } from "@lingui/react/macro";
import { loadMessages } from "../i18n/index.ts";
import { type OpenDialog, OrderDialog } from "./OrderDialog.tsx";

// The words come with what is said in them.
await loadMessages("orders");

/** Signing a bid. */
export function BidDialog(dialog: OpenDialog) {
  return (
    <OrderDialog side="bid" title={<Trans>Bid for energy</Trans>} {...dialog}>
      <Trans>
        Sign once what you would pay. Whoever has the energy may sell it to you at your price or
        better.
      </Trans>
    </OrderDialog>
  );
}

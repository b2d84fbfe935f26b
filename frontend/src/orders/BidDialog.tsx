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
        Sign once the most that you would pay. You pay the community price, which is the same for
        all neighbours, or nothing is traded; an offer below it may come to you for less.
      </Trans>
    </OrderDialog>
  );
}

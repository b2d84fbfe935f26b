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
        Post a price once. Neighbours buy at exactly that price when it suits them; you need not be
        there.
      </Trans>
    </OrderDialog>
  );
}

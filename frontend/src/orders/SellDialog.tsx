import { Trans } from "@lingui/react/macro";
import { OrderDialog } from "./OrderDialog.tsx";

/** Signing an offer. */
export default function SellDialog({ onClose }: { onClose(): void }) {
  return (
    <OrderDialog side="offer" title={<Trans>Sell energy</Trans>} onClose={onClose}>
      <Trans>
        Sign once what you sell and for how much. Neighbours buy it when it suits them; you need not
        be there.
      </Trans>
    </OrderDialog>
  );
}

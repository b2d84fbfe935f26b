import { Trans } from "@lingui/react/macro";
import { OrderDialog } from "./OrderDialog.tsx";

/** Signing a bid. */
export default function BidDialog({ onClose }: { onClose(): void }) {
  return (
    <OrderDialog side="bid" title={<Trans>Bid for energy</Trans>} onClose={onClose}>
      <Trans>
        Sign once what you would pay. Whoever has the energy may sell it to you at your price or
        better.
      </Trans>
    </OrderDialog>
  );
}

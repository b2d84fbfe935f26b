import { Trans } from "@lingui/react/macro";
import { Wallet } from "lucide-react";
import { EmptyState } from "../ui/index.ts";
import { ConnectButton } from "../wallet/index.ts";

/** Shown in place of what needs a connected account. */
export function NoWallet() {
  return (
    <EmptyState
      icon={<Wallet />}
      title={<Trans>No wallet is connected</Trans>}
      action={<ConnectButton prominent />}
    >
      <Trans>Connect your wallet to see your meters, your orders and your money.</Trans>
    </EmptyState>
  );
}

import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { Wallet } from "lucide-react";
import { buttonClass, EmptyState } from "../ui/index.ts";
import { ConnectButton } from "../wallet/index.ts";

/** Shown in place of what needs a connected account. */
export function NoWallet() {
  return (
    <EmptyState
      icon={<Wallet />}
      title={<Trans>No wallet is connected</Trans>}
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <ConnectButton prominent />
          <Link to="/gains" className={buttonClass("secondary", "large")}>
            <Trans>What would I gain?</Trans>
          </Link>
        </div>
      }
    >
      <Trans>Connect your wallet to see your meters, your orders and your money.</Trans>
    </EmptyState>
  );
}

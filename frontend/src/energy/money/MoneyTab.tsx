import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Address } from "viem";
import { useAccount } from "../../chain/index.ts";
import { Card, ErrorState, SkeletonLines } from "../../ui/index.ts";
import { CommunityPays } from "../../wallet/index.ts";
import { Deposit } from "./Deposit.tsx";
import { Lock } from "./Lock.tsx";
import { Withdraw } from "./Withdraw.tsx";

/** Money in escrow: deposit, withdrawal and lock. */
export default function MoneyTab({ holder }: { readonly holder: Address }) {
  const { data: account, error, refetch } = useAccount(holder);
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your account could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (account === undefined) return <SkeletonLines lines={6} />;
  return (
    <div className="flex flex-col gap-4">
      <CommunityPays />
      <div className="grid items-stretch gap-4 md:grid-cols-2">
        <Card title={<Trans>Deposit</Trans>}>
          <Deposit walletBalance={account.walletBalance} />
        </Card>
        <Card title={<Trans>Withdraw</Trans>}>
          <Withdraw holder={holder} {...account} />
        </Card>
      </div>
      <p>
        <Link to="/autopilot" className="underline">
          <Trans>Let a home agent trade for you</Trans>
        </Link>
      </p>
      <Lock holder={holder} lock={account.lock} />
    </div>
  );
}

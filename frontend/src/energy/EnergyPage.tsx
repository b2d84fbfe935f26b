import { Trans, useLingui } from "@lingui/react/macro";
import { Suspense } from "react";
import { useConnection } from "wagmi";
import { NoWallet } from "../app/index.ts";
import { callOf, contractsOf, useAccount, useNetwork } from "../chain/index.ts";
import { OpenOrders } from "../orders/index.ts";
import {
  Button,
  ErrorState,
  formatMoney,
  Money,
  PageHeader,
  SkeletonLines,
  Stat,
} from "../ui/index.ts";
import { useTransact } from "../wallet/index.ts";

/** What a household has: meters, readings, energy, orders, money. */
export function EnergyPage() {
  const { address } = useConnection();
  return (
    <>
      <PageHeader title={<Trans>My energy</Trans>}>
        <Trans>Your meters, your energy, your orders and your money.</Trans>
      </PageHeader>
      {address === undefined ? (
        <NoWallet />
      ) : (
        <>
          <Escrow />
          <Suspense fallback={<SkeletonLines />}>
            <OpenOrders />
          </Suspense>
        </>
      )}
    </>
  );
}

function Escrow() {
  const { address } = useConnection();
  const { data, error, isPending, refetch } = useAccount(address);
  if (isPending) return <SkeletonLines />;
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your account could not be read</Trans>}
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Stat
        label={<Trans>In escrow</Trans>}
        value={<Money baseUnits={data.balance} />}
        tone="leaf"
      />
      <Stat
        label={<Trans>In your wallet</Trans>}
        value={<Money baseUnits={data.walletBalance} />}
      />
      {data.balance > 0n && <WithdrawAll balance={data.balance} />}
    </div>
  );
}

function WithdrawAll({ balance }: { readonly balance: bigint }) {
  const { t } = useLingui();
  const { address } = useConnection();
  const network = useNetwork();
  const { transact, busy } = useTransact();
  if (address === undefined) return null;
  const { marketplace } = contractsOf(network);
  const amount = formatMoney(balance, network.currency);
  return (
    <Button
      busy={busy}
      onClick={() =>
        void transact({
          title: t`Withdraw ${amount}`,
          calls: [callOf(marketplace, "withdraw", [network.currency.address, balance, address])],
        })
      }
    >
      <Trans>Withdraw all</Trans>
    </Button>
  );
}

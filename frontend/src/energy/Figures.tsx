import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { type Address, isAddressEqual } from "viem";
import { useAccount, useChainTime, useNetwork } from "../chain/index.ts";
import { ErrorState, Money, Skeleton, Stat } from "../ui/index.ts";
import { useEarnings } from "./history/earnings.ts";
import { useForwards } from "./history/positions.ts";
import { monthOf } from "./periods.ts";

/** The four most important figures. */
export function Figures({ holder }: { readonly holder: Address }) {
  const account = useAccount(holder);
  const { data: forwards } = useForwards(holder);
  const { data: earnings, error } = useEarnings(holder);
  const time = useChainTime();
  const month = monthOf(earnings, time, useNetwork().currency.decimals);
  const inForwards = (forwards ?? []).reduce(
    (sum, { position: { buyer, seller }, block: { state, lockedMillis, bondedMillis } }) =>
      state !== "open"
        ? sum
        : sum +
          (isAddressEqual(buyer, holder) ? lockedMillis : 0n) +
          (isAddressEqual(seller, holder) ? bondedMillis : 0n),
    0n,
  );
  if (account.error) {
    return (
      <ErrorState
        title={<Trans>Your account could not be read</Trans>}
        error={account.error}
        onRetry={account.refetch}
      />
    );
  }
  const waiting = <Skeleton className="h-7 w-24" />;
  const shown = (millis: bigint | undefined): ReactNode =>
    millis === undefined ? waiting : <Money millis={millis} />;
  const traded = (value: bigint | undefined) => (error ? "–" : shown(value));
  const gained = earnings && (month?.earnedMillis ?? 0n);
  const saved = earnings && (month?.savedMillis ?? 0n);
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Stat
        tone="leaf"
        label={<Trans>In escrow</Trans>}
        value={shown(account.data?.balanceMillis)}
        detail={
          inForwards > 0n ? (
            <Trans>
              and <Money millis={inForwards} /> locked in forwards
            </Trans>
          ) : (
            <Trans>free to trade with</Trans>
          )
        }
      />
      <Stat
        label={<Trans>In your wallet</Trans>}
        value={
          account.data === undefined ? waiting : <Money baseUnits={account.data.walletBalance} />
        }
        detail={<Trans>not yet in escrow</Trans>}
      />
      <Stat
        tone="sun"
        label={<Trans>Earned this month</Trans>}
        value={traded(gained)}
        detail={<Trans>over the feed-in tariff</Trans>}
      />
      <Stat
        tone="sky"
        label={<Trans>Saved this month</Trans>}
        value={traded(saved)}
        detail={<Trans>against the retail tariff</Trans>}
      />
    </div>
  );
}

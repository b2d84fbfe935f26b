import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { Suspense, useId } from "react";
import { useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import {
  Button,
  buttonClass,
  cx,
  formatEnergy,
  formatMillis,
  formatMoment,
  formatMoney,
  Notice,
} from "../ui/index.ts";
import { ConnectButton, MoreMoney, useDepositWay, usePayer } from "../wallet/index.ts";
import { type Bought, isReservation, useBuy, useFunding } from "./useBuy.ts";
import type { Market } from "./useMarket.ts";
import type { PurchaseView } from "./usePurchase.ts";

/** The button that buys the planned purchase, or says why it can't be bought. */
export function BuyButton({
  market,
  view: { plan, retailMillis, meter, isReady },
  onBought,
}: {
  readonly market: Market;
  readonly view: PurchaseView;
  onBought(bought: Bought): void;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const { isConnected } = useConnection();
  const { buy, busy } = useBuy();
  const payer = usePayer();
  const funding = useFunding(plan?.costMillis ?? 0n);
  const reasonId = useId();
  if (!isConnected) {
    return (
      <div className="flex flex-col gap-2">
        <ConnectButton prominent />
        <p className="text-sm text-muted">
          <Trans>You see what it costs before you sign anything.</Trans>
        </p>
      </div>
    );
  }
  if (plan === undefined) return null;
  const lacking = formatMoney(funding?.lacking ?? 0n, currency);
  const reason =
    funding?.lockedUntil !== undefined
      ? t`Your escrow is locked until ${formatMoment(funding.lockedUntil)}: until then it pays for your limits only.`
      : funding && funding.lacking > 0n
        ? t`Your wallet lacks ${lacking} for this.`
        : undefined;
  const { escrowMillis = 0n, deposit = 0n } = funding ?? {};
  const blocked =
    reason !== undefined || funding === undefined || !isReady || payer === "community";
  const reserves = isReservation(plan);
  const amounts = `${formatEnergy(plan.totalWh)}`;
  const cost = formatMillis(plan.costMillis, currency);
  return (
    <>
      <Button
        look="primary"
        size="large"
        // On a phone it stays in sight above the links to the pages.
        className="max-lg:sticky max-lg:bottom-[calc(4.5rem+env(safe-area-inset-bottom))] max-lg:z-10"
        busy={busy}
        disabled={blocked}
        aria-describedby={reasonId}
        onClick={async () => {
          const bought = await buy(plan, {
            microgrid: market.microgrid,
            meter,
            deposit,
            retailMillis,
          });
          if (bought) onBought(bought);
        }}
      >
        {reserves ? t`Reserve ${amounts} for ${cost}` : t`Buy ${amounts} for ${cost}`}
      </Button>
      {payer === "community" && <BidInstead />}
      {reserves && (
        <p className="text-sm">
          <Trans>
            This reserves energy that is still to come: your money is locked until the meters have
            reported. If the sun stays away, what is missing is refunded, and the seller's bond is
            yours.
          </Trans>
        </p>
      )}
      {funding !== undefined && funding.lacking > 0n && (
        <Suspense>
          <MoreMoney />
        </Suspense>
      )}
      <p id={reasonId} className={cx("text-sm", reason ? "font-medium text-danger" : "text-muted")}>
        {reason ??
          (deposit > 0n ? (
            <>
              <FromWallet deposit={deposit} />{" "}
              {escrowMillis > 0n && <Trans>The rest is in escrow.</Trans>}
            </>
          ) : (
            <Trans>Paid from your escrow.</Trans>
          ))}
      </p>
    </>
  );
}

/** Who has no ether can't buy at once, and bids instead. */
function BidInstead() {
  return (
    <Notice>
      <p className="mb-2">
        <Trans>
          To take an offer at once is a transaction, whose fee is paid in Ether, and your account
          has none. Sign a bid instead: the community's auctioneer settles it and pays the fee.
        </Trans>
      </p>
      <Link
        to="/market"
        search={(before) => ({ ...before, do: "bid" })}
        className={buttonClass("primary", "small")}
      >
        <Trans>Sign a bid</Trans>
      </Link>
    </Notice>
  );
}

/** Says what the wallet will ask for the deposit. */
function FromWallet({ deposit }: { readonly deposit: bigint }) {
  const amount = formatMoney(deposit, useNetwork().currency);
  const way = useDepositWay(deposit);
  if (way === "bundle") {
    return <Trans>{amount} comes from your wallet, confirmed together with the purchase.</Trans>;
  }
  if (way === "permit" || way === "authorization") {
    return <Trans>{amount} comes from your wallet, with a permit that you sign.</Trans>;
  }
  if (way === "approval") {
    return (
      <Trans>{amount} comes from your wallet: you approve that first, then you buy with it.</Trans>
    );
  }
  return <Trans>{amount} comes from your wallet.</Trans>;
}

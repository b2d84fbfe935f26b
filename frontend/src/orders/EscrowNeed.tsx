import { Trans, useLingui } from "@lingui/react/macro";
import { ceilDiv, MILLIS_PER_UNIT } from "@wattline/sdk";
import { Suspense, useState } from "react";
import { useConnection } from "wagmi";
import { useAccount, useNetwork } from "../chain/index.ts";
import { Button, formatMoney, Money, Notice } from "../ui/index.ts";
import {
  isRejection,
  MoreMoney,
  notify,
  reasonOf,
  useDeposit,
  useTransact,
} from "../wallet/index.ts";

/** Money that an order needs in escrow, and how to bring in what is missing. */
export function EscrowNeed({ neededMillis }: { readonly neededMillis: bigint }) {
  const { t } = useLingui();
  const network = useNetwork();
  const { address } = useConnection();
  const { data: account } = useAccount(address);
  const deposit = useDeposit();
  const { transact } = useTransact();
  const [busy, setBusy] = useState(false);
  if (account === undefined || account.balanceMillis >= neededMillis) return null;

  // Deposits are whole base units.
  const missing = ceilDiv(neededMillis - account.balanceMillis, MILLIS_PER_UNIT);
  const amount = formatMoney(missing, network.currency);
  const title = t`Bring ${amount} into escrow`;
  const bringIn = async () => {
    setBusy(true);
    try {
      await transact({ title, calls: await deposit(missing) });
    } catch (error) {
      if (isRejection(error)) notify.declined(title);
      else notify.failed(title, await reasonOf(error, network));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Notice
      tone="warning"
      action={
        account.walletBalance >= missing ? (
          <Button size="small" busy={busy} onClick={() => void bringIn()}>
            {title}
          </Button>
        ) : (
          <Suspense>
            <MoreMoney />
          </Suspense>
        )
      }
    >
      <Trans>
        This takes up to <Money millis={neededMillis} />; you have{" "}
        <Money millis={account.balanceMillis} /> in escrow. Only what is covered there can be
        traded.
      </Trans>
    </Notice>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { type FormEvent, Suspense, useState } from "react";
import { useNetwork } from "../../chain/index.ts";
import { Button, formatMoney } from "../../ui/index.ts";
import {
  isRejection,
  MoreMoney,
  notify,
  reasonOf,
  useDeposit,
  useTransact,
} from "../../wallet/index.ts";
import { AmountField, amountIn } from "./AmountField.tsx";

/** The form that deposits money from the wallet into escrow. */
export function Deposit({ walletBalance }: { readonly walletBalance: bigint }) {
  const { t } = useLingui();
  const network = useNetwork();
  const [text, setText] = useState("");
  const [signing, setSigning] = useState(false);
  const callsFor = useDeposit();
  const { transact, busy } = useTransact();
  const amount = amountIn(text, network.currency.decimals, walletBalance);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (amount === undefined) return;
    const title = t`Deposit ${formatMoney(amount, network.currency)}`;
    setSigning(true);
    try {
      const calls = await callsFor(amount);
      const outcome = await transact({ title, calls });
      if (outcome.status === "done") setText("");
    } catch (error) {
      if (isRejection(error)) notify.declined(title);
      else notify.failed(title, await reasonOf(error, network));
    } finally {
      setSigning(false);
    }
  }

  return (
    <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      <p className="text-sm text-muted">
        <Trans>Money in escrow pays for what you buy. You can withdraw it at any time.</Trans>
      </p>
      <AmountField
        label={t`From your wallet into escrow`}
        text={text}
        onChange={setText}
        most={walletBalance}
      />
      {walletBalance === 0n && (
        <Suspense>
          <MoreMoney />
        </Suspense>
      )}
      <Button
        type="submit"
        look="primary"
        busy={busy || signing}
        disabled={amount === undefined}
        className="self-start"
      >
        <Trans>Deposit</Trans>
      </Button>
    </form>
  );
}

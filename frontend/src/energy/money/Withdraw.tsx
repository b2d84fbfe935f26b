import { Trans, useLingui } from "@lingui/react/macro";
import { wholeUnits } from "@wattline/sdk";
import { type FormEvent, useState } from "react";
import type { Address } from "viem";
import { type Account, callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { Button, formatMoment, formatMoney, Notice } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { AmountField, amountIn } from "./AmountField.tsx";

/** The form that withdraws money from escrow into the account's wallet. */
export function Withdraw({
  holder,
  balanceMillis,
  lock,
}: Pick<Account, "balanceMillis" | "lock"> & { readonly holder: Address }) {
  const { t } = useLingui();
  const network = useNetwork();
  const time = useChainTime();
  const [text, setText] = useState("");
  const { transact, busy } = useTransact();
  // What is less than a base unit stays in the account.
  const most = wholeUnits(balanceMillis);
  const amount = amountIn(text, network.currency.decimals, most);
  const end = lock?.untilSeconds ?? 0;
  const locked = time !== undefined && time < end;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (amount === undefined) return;
    const { marketplace, currency } = contractsOf(network);
    const outcome = await transact({
      title: t`Withdraw ${formatMoney(amount, network.currency)}`,
      calls: [callOf(marketplace, "withdraw", [currency.address, amount, holder])],
    });
    if (outcome.status === "done") setText("");
  }

  return (
    <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      <p className="text-sm text-muted">
        <Trans>Nobody can keep you from your money: neither the operator nor a trade.</Trans>
      </p>
      {locked && (
        <Notice tone="warning">
          <Trans>
            Your money is locked until {formatMoment(end)}: you can't withdraw it before that.
          </Trans>
        </Notice>
      )}
      <AmountField
        label={t`From escrow into your wallet`}
        text={text}
        onChange={setText}
        most={most}
      />
      <Button
        type="submit"
        busy={busy}
        disabled={amount === undefined || locked}
        className="self-start"
      >
        <Trans>Withdraw</Trans>
      </Button>
    </form>
  );
}

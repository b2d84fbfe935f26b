import { Trans, useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import type { Address } from "viem";
import { callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { Button, formatMoment, formatMoney, Notice } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { AmountField, amountIn } from "./AmountField.tsx";

/** The form that withdraws money from escrow into the account's wallet. */
export function Withdraw({
  holder,
  balance,
  lockedUntil,
}: {
  readonly holder: Address;
  readonly balance: bigint;
  /** Unix seconds. */
  readonly lockedUntil: bigint;
}) {
  const { t } = useLingui();
  const network = useNetwork();
  const time = useChainTime();
  const [text, setText] = useState("");
  const { transact, busy } = useTransact();
  const amount = amountIn(text, network.currency.decimals, balance);
  const end = Number(lockedUntil);
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
          <Trans>You have promised not to withdraw before {formatMoment(end)}.</Trans>
        </Notice>
      )}
      <AmountField
        label={t`From escrow into your wallet`}
        text={text}
        onChange={setText}
        most={balance}
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

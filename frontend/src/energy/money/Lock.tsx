import { Trans, useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { Button, Card, Field, formatMoment } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";

const SECONDS_PER_DAY = 86_400;
/** The contract's limit. */
const MOST_DAYS = 365;

/** The form that locks the escrow against withdrawal, which an offline relay requires of buyers. */
export function Lock({ lockedUntil }: { readonly lockedUntil: bigint }) {
  const { t } = useLingui();
  const network = useNetwork();
  const time = useChainTime();
  const [text, setText] = useState("");
  const { transact, busy } = useTransact();
  const current = Number(lockedUntil);
  const until = text === "" ? undefined : Math.floor(new Date(text).getTime() / 1000);
  const error =
    until === undefined || time === undefined
      ? undefined
      : Number.isNaN(until) || until <= time
        ? t`This time has passed.`
        : until <= current
          ? t`A lock can only be made longer.`
          : until > time + MOST_DAYS * SECONDS_PER_DAY
            ? t`A lock can last a year at most.`
            : undefined;
  const ready = until !== undefined && time !== undefined && error === undefined;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!ready) return;
    const { marketplace, currency } = contractsOf(network);
    const outcome = await transact({
      title: t`Lock escrow until ${formatMoment(until)}`,
      calls: [callOf(marketplace, "lock", [currency.address, BigInt(until)])],
    });
    if (outcome.status === "done") setText("");
  }

  return (
    <Card title={<Trans>Lock for an outage</Trans>}>
      <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
        <p className="max-w-2xl text-sm text-muted">
          <Trans>
            While your community has no internet, its own relay lets you buy only with money that
            you have promised not to withdraw before the outage is over. You can trade with it as
            usual.
          </Trans>
        </p>
        {time !== undefined && current > time && (
          <p className="text-sm font-semibold">
            <Trans>Locked until {formatMoment(current)}</Trans>
          </p>
        )}
        <div className="flex flex-wrap items-end gap-3">
          <Field label={<Trans>No withdrawal before</Trans>} error={error}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={text}
                onChange={({ target }) => setText(target.value)}
                className="min-h-11 rounded-xl border border-control bg-surface px-3 text-sm"
              />
            )}
          </Field>
          <Button type="submit" busy={busy} disabled={!ready} className="min-h-11">
            <Trans>Lock</Trans>
          </Button>
        </div>
      </form>
    </Card>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { type Address, getAddress, isAddress, isAddressEqual, zeroAddress } from "viem";
import { type Account, callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { Person } from "../../people/index.ts";
import { Button, Card, Field, formatMoment, HexInput, Input } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";

const SECONDS_PER_DAY = 86_400;
/** The contract's limit. */
const MOST_DAYS = 30;

/** The form that binds the escrow to a settler for a while, which an offline relay requires of those who trade there. */
export function Lock({ holder, lock }: Pick<Account, "lock"> & { readonly holder: Address }) {
  const { t } = useLingui();
  const network = useNetwork();
  const time = useChainTime();
  const [typed, setTyped] = useState("");
  const [agent, setAgent] = useState("");
  const [text, setText] = useState("");
  const { transact, busy } = useTransact();
  const inForce = time !== undefined && lock !== undefined && lock.untilSeconds > time;
  const current = inForce ? lock : undefined;

  const settler = current?.settler ?? settlerIn(typed, holder);
  const until = text === "" ? undefined : Math.floor(new Date(text).getTime() / 1000);
  const error =
    until === undefined || time === undefined
      ? undefined
      : Number.isNaN(until) || until <= time
        ? t`This time has passed.`
        : until <= (current?.untilSeconds ?? 0)
          ? t`A lock can only be made longer.`
          : until > time + MOST_DAYS * SECONDS_PER_DAY
            ? t`A lock can last 30 days at most.`
            : undefined;
  const agentIn = agent === "" ? zeroAddress : settlerIn(agent, holder);
  const signer = current?.signer ?? agentIn;
  const ready = until !== undefined && time !== undefined && error === undefined;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!ready || settler === undefined || signer === undefined) return;
    const { marketplace, currency } = contractsOf(network);
    const outcome = await transact({
      title: t`Lock escrow until ${formatMoment(until)}`,
      calls: [callOf(marketplace, "lock", [currency.address, settler, signer, until])],
    });
    if (outcome.status === "done") setText("");
  }

  return (
    <Card title={<Trans>Lock for an outage</Trans>}>
      <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
        <p className="max-w-2xl text-sm text-muted">
          <Trans>
            While your community has no internet, its own relay takes orders only against money that
            is locked for its settler. Until the lock ends nothing but that settler's trades moves
            the money, and orders signed under it can't be cancelled.
          </Trans>
        </p>
        {current && (
          <p className="flex flex-wrap items-center gap-2 text-sm font-semibold">
            <Trans>Locked until {formatMoment(current.untilSeconds)} for</Trans>
            <Person address={current.settler} />
          </p>
        )}
        <div className="grid items-start gap-3 md:grid-cols-[2fr_1fr_auto]">
          {current === undefined && (
            <Field
              label={<Trans>Settler's address</Trans>}
              error={
                typed !== "" && settler === undefined
                  ? t`This is not the address of somebody else.`
                  : undefined
              }
            >
              {(control) => (
                <HexInput
                  {...control}
                  value={typed}
                  onChange={({ target }) => setTyped(target.value)}
                />
              )}
            </Field>
          )}
          <Field label={<Trans>Locked until</Trans>} error={error}>
            {(control) => (
              <Input
                {...control}
                type="datetime-local"
                value={text}
                onChange={({ target }) => setText(target.value)}
              />
            )}
          </Field>
          <Button
            type="submit"
            busy={busy}
            disabled={!ready || settler === undefined || signer === undefined}
            className="min-h-11 self-start md:mt-6"
          >
            {current ? <Trans>Make it longer</Trans> : <Trans>Lock</Trans>}
          </Button>
        </div>
        {current === undefined && (
          <Field
            label={<Trans>Your home agent's key, if it shall trade with this money</Trans>}
            hint={
              <Trans>
                In an outage the agent then trades by itself with all that is locked, at community
                prices. Its allowance does not bound it.
              </Trans>
            }
            error={signer === undefined ? t`This is not the address of somebody else.` : undefined}
          >
            {(control) => (
              <HexInput
                {...control}
                value={agent}
                onChange={({ target }) => setAgent(target.value)}
              />
            )}
          </Field>
        )}
      </form>
    </Card>
  );
}

/** The address that is typed; undefined when it is none, or one's own. */
function settlerIn(typed: string, holder: Address): Address | undefined {
  if (!isAddress(typed, { strict: false })) return undefined;
  return isAddressEqual(typed, holder) || isAddressEqual(typed, zeroAddress)
    ? undefined
    : getAddress(typed);
}

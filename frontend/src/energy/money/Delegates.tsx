import { Trans, useLingui } from "@lingui/react/macro";
import { addDays, localDayOf } from "@wattline/sdk";
import { Bot } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Address, getAddress, isAddress, isAddressEqual } from "viem";
import { localZone } from "../../browser/index.ts";
import { callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import {
  AddressText,
  Badge,
  Button,
  Card,
  ErrorState,
  Field,
  formatMoment,
  formatMoney,
  Input,
  Money,
  SkeletonLines,
  shortAddress,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { type Delegate, useDelegates } from "../history/delegates.ts";
import { AmountField, amountIn } from "./AmountField.tsx";

/** Lets a key spend some base units until a time (Unix seconds); nothing revokes it. */
type Authorising = (
  delegate: Address,
  amount: bigint,
  untilSeconds: number,
) => Promise<{ readonly status: string }>;

/** The keys that may sign orders for the household, within an allowance. */
export function Delegates({ maker }: { readonly maker: Address }) {
  const { t } = useLingui();
  const network = useNetwork();
  const { marketplace, currency } = contractsOf(network);
  const delegates = useDelegates(maker, currency.address);
  const { transact, busy } = useTransact();

  const authorise: Authorising = (delegate, amount, untilSeconds) => {
    const [agent, money] = [shortAddress(delegate), formatMoney(amount, network.currency)];
    return transact({
      title:
        amount === 0n
          ? t`Revoke the home agent ${agent}`
          : t`Let the home agent ${agent} spend ${money}`,
      calls: [callOf(marketplace, "authorize", [currency.address, delegate, amount, untilSeconds])],
    });
  };

  return (
    <Card title={<Trans>Home agent</Trans>}>
      <p className="mb-3 max-w-2xl text-sm text-muted">
        <Trans>
          A home agent is a small program beside your meter that buys and sells for you. Its key can
          sign orders until they have used up the allowance, or its time is over; it can never
          withdraw.
        </Trans>
      </p>
      {delegates.error ? (
        <ErrorState
          title={<Trans>Your home agents could not be read</Trans>}
          error={delegates.error}
          onRetry={delegates.refetch}
        />
      ) : delegates.data === undefined ? (
        <SkeletonLines lines={2} />
      ) : (
        <ul className="mb-4 divide-y divide-line">
          {delegates.data.map((each) => (
            <DelegateItem
              key={each.delegate}
              item={each}
              busy={busy}
              onRevoke={() => void authorise(each.delegate, 0n, 0)}
            />
          ))}
        </ul>
      )}
      <Authorise maker={maker} busy={busy} onAuthorise={authorise} />
    </Card>
  );
}

function DelegateItem({
  item,
  busy,
  onRevoke,
}: {
  readonly item: Delegate;
  readonly busy: boolean;
  onRevoke(): void;
}) {
  const { allowanceMillis, untilSeconds, drawnMillis, delegate } = item;
  const time = useChainTime();
  const isOver = time !== undefined && untilSeconds < time;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <Bot aria-hidden="true" className="size-5 text-leaf" />
      <AddressText address={delegate} />
      {allowanceMillis > 0n && !isOver ? (
        <>
          <span className="text-sm">
            <Trans>
              <Money millis={allowanceMillis} className="font-semibold" /> left until{" "}
              {formatMoment(untilSeconds)}, <Money millis={drawnMillis} /> spent so far
            </Trans>
          </span>
          <Button look="danger" size="small" busy={busy} onClick={onRevoke} className="ml-auto">
            <Trans>Revoke</Trans>
          </Button>
        </>
      ) : (
        <Badge>
          <Trans>Revoked, used up or over</Trans>
        </Badge>
      )}
    </li>
  );
}

function Authorise({
  maker,
  busy,
  onAuthorise,
}: {
  readonly maker: Address;
  readonly busy: boolean;
  readonly onAuthorise: Authorising;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const [key, setKey] = useState("");
  const [text, setText] = useState("");
  const time = useChainTime();
  const [day, setDay] = useState("");
  const usual =
    time === undefined ? "" : localDayOf(time + USUAL_DAYS * SECONDS_PER_DAY, localZone());
  const lastDay = day === "" ? usual : day;
  const untilSeconds = endOf(lastDay);
  const isPast = time !== undefined && untilSeconds !== undefined && untilSeconds <= time;
  const delegate = isAddress(key.trim(), { strict: false }) ? getAddress(key.trim()) : undefined;
  const own = delegate !== undefined && isAddressEqual(delegate, maker);
  const allowance = amountIn(text, currency.decimals);
  const error = own
    ? t`This is your own address: you sign for yourself anyway.`
    : key.trim() !== "" && delegate === undefined
      ? t`This is not an address.`
      : undefined;

  const ready =
    delegate !== undefined &&
    !own &&
    allowance !== undefined &&
    untilSeconds !== undefined &&
    !isPast;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!ready) return;
    const { status } = await onAuthorise(delegate, allowance, untilSeconds);
    if (status !== "done") return;
    setKey("");
    setText("");
  }

  return (
    <form
      className="grid items-start gap-3 md:grid-cols-[2fr_1fr_1fr_auto]"
      onSubmit={(event) => void submit(event)}
    >
      <Field label={<Trans>Address of the agent's key</Trans>} error={error}>
        {(control) => (
          <Input
            {...control}
            spellCheck={false}
            autoComplete="off"
            placeholder="0x…"
            value={key}
            onChange={({ target }) => setKey(target.value)}
          />
        )}
      </Field>
      <AmountField label={t`May spend at most`} text={text} onChange={setText} />
      <Field
        label={<Trans>Until the end of</Trans>}
        error={isPast ? t`This time has passed.` : undefined}
      >
        {(control) => (
          <Input
            {...control}
            type="date"
            value={lastDay}
            onChange={({ target }) => setDay(target.value)}
          />
        )}
      </Field>
      <Button
        type="submit"
        look="primary"
        busy={busy}
        disabled={!ready}
        className="min-h-11 self-start md:mt-6"
      >
        <Trans>Authorise</Trans>
      </Button>
    </form>
  );
}

const SECONDS_PER_DAY = 86_400;
/** How long an allowance lasts unless another day is chosen. */
const USUAL_DAYS = 90;

/** The last second of a local day, Unix time; undefined when none is chosen. */
function endOf(day: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  return Math.floor(new Date(`${addDays(day, 1)}T00:00`).getTime() / 1000) - 1;
}

import { Trans, useLingui } from "@lingui/react/macro";
import { Bot } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Address, getAddress, isAddress, isAddressEqual } from "viem";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import {
  AddressText,
  Badge,
  Button,
  Card,
  ErrorState,
  Field,
  formatMoney,
  Input,
  Money,
  SkeletonLines,
  shortAddress,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { type Delegate, useDelegates } from "../history/delegates.ts";
import { AmountField, amountIn } from "./AmountField.tsx";

/** The keys that may sign orders for the household, within an allowance. */
export function Delegates({ maker }: { readonly maker: Address }) {
  const { t } = useLingui();
  const network = useNetwork();
  const { marketplace, currency } = contractsOf(network);
  const delegates = useDelegates(maker, currency.address);
  const { transact, busy } = useTransact();

  const authorise = (delegate: Address, allowance: bigint) => {
    const [agent, amount] = [shortAddress(delegate), formatMoney(allowance, network.currency)];
    return transact({
      title:
        allowance === 0n
          ? t`Revoke the home agent ${agent}`
          : t`Let the home agent ${agent} spend ${amount}`,
      calls: [callOf(marketplace, "authorize", [currency.address, delegate, allowance])],
    });
  };

  return (
    <Card title={<Trans>Home agent</Trans>}>
      <p className="mb-3 max-w-2xl text-sm text-muted">
        <Trans>
          A home agent is a small program beside your meter that buys and sells for you. Its key can
          sign orders until they have used up the allowance; it can never withdraw.
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
              onRevoke={() => void authorise(each.delegate, 0n)}
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
  const { allowance, drawn, delegate } = item;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <Bot aria-hidden="true" className="size-5 text-leaf" />
      <AddressText address={delegate} />
      {allowance > 0n ? (
        <>
          <span className="text-sm">
            <Trans>
              <Money baseUnits={allowance} className="font-semibold" /> left,{" "}
              <Money baseUnits={drawn} /> spent so far
            </Trans>
          </span>
          <Button look="danger" size="small" busy={busy} onClick={onRevoke} className="ml-auto">
            <Trans>Revoke</Trans>
          </Button>
        </>
      ) : (
        <Badge>
          <Trans>Revoked or used up</Trans>
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
  onAuthorise(delegate: Address, allowance: bigint): Promise<{ readonly status: string }>;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const [key, setKey] = useState("");
  const [text, setText] = useState("");
  const delegate = isAddress(key.trim(), { strict: false }) ? getAddress(key.trim()) : undefined;
  const own = delegate !== undefined && isAddressEqual(delegate, maker);
  const allowance = amountIn(text, currency.decimals);
  const error = own
    ? t`This is your own address: you sign for yourself anyway.`
    : key.trim() !== "" && delegate === undefined
      ? t`This is not an address.`
      : undefined;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (delegate === undefined || own || allowance === undefined) return;
    const { status } = await onAuthorise(delegate, allowance);
    if (status !== "done") return;
    setKey("");
    setText("");
  }

  return (
    <form
      className="grid items-start gap-3 md:grid-cols-[2fr_1fr_auto]"
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
      <Button
        type="submit"
        look="primary"
        busy={busy}
        disabled={delegate === undefined || own || allowance === undefined}
        className="min-h-11 self-start md:mt-6"
      >
        <Trans>Authorise</Trans>
      </Button>
    </form>
  );
}

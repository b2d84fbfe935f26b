import { Trans, useLingui } from "@lingui/react/macro";
import { Bot } from "lucide-react";
import type { Address } from "viem";
import { callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { AddressText, Badge, Button, formatMoment, Money, shortAddress } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import type { Delegate } from "../history/delegates.ts";

/** Whether a key may sign orders now. */
export const mayTrade = (
  { allowanceMillis, untilSeconds }: Delegate,
  nowSeconds: number | undefined,
): boolean => allowanceMillis > 0n && (nowSeconds === undefined || untilSeconds >= nowSeconds);

/** Takes a key's allowance back: it signs nothing any more that counts. */
function useRevoke(): { revoke(delegate: Address): void; readonly busy: boolean } {
  const { t } = useLingui();
  const { marketplace, currency } = contractsOf(useNetwork());
  const { transact, busy } = useTransact();
  return {
    busy,
    revoke(delegate) {
      const agent = shortAddress(delegate);
      void transact({
        title: t`Revoke the home agent ${agent}`,
        calls: [callOf(marketplace, "authorize", [currency.address, delegate, 0n, 0])],
      });
    },
  };
}

/** The keys that sign orders for the household, or did, each with its way off. */
export function Delegates({ delegates }: { readonly delegates: readonly Delegate[] }) {
  const { revoke, busy } = useRevoke();
  return (
    <ul className="divide-y divide-line">
      {delegates.map((each) => (
        <DelegateItem
          key={each.delegate}
          item={each}
          busy={busy}
          onRevoke={() => revoke(each.delegate)}
        />
      ))}
    </ul>
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
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <Bot aria-hidden="true" className="size-5 text-leaf" />
      <AddressText address={delegate} />
      {mayTrade(item, time) ? (
        <>
          <span className="text-sm">
            <Trans>
              <Money millis={allowanceMillis} className="font-semibold" /> left until{" "}
              {formatMoment(untilSeconds)}, <Money millis={drawnMillis} /> spent so far
            </Trans>
          </span>
          <Button look="danger" size="small" busy={busy} onClick={onRevoke} className="ml-auto">
            <Trans>Switch off</Trans>
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

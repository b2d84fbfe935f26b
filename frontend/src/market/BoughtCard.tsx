import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { PartyPopper } from "lucide-react";
import { useNetwork } from "../chain/index.ts";
import { Button, buttonClass, Energy, Money, useWholeCents } from "../ui/index.ts";
import type { Bought } from "./useBuy.ts";

/** What was bought and what it cost. */
export function BoughtCard({
  bought: { energyWh, paidMillis, lockedMillis, sellers, retailMillis, transaction },
  onAgain,
}: {
  readonly bought: Bought;
  onAgain(): void;
}) {
  const { explorerUrl } = useNetwork();
  const inCents = useWholeCents();
  const [paid, locked] = inCents([paidMillis, lockedMillis]);
  const cost = paid + locked;
  const saved = inCents([retailMillis])[0] - cost;
  return (
    <div role="status" className="flex flex-col gap-3">
      <p className="flex items-center gap-2 text-lg font-bold text-leaf">
        <PartyPopper aria-hidden="true" className="size-6" />
        {lockedMillis > 0n ? (
          <Trans>
            You reserved <Energy wh={energyWh} />
          </Trans>
        ) : (
          <Trans>
            You bought <Energy wh={energyWh} />
          </Trans>
        )}
      </p>
      <p>
        <Plural value={sellers} one="From one neighbour" other="From # neighbours" />
        {": "}
        <Trans>
          <Money millis={cost} /> in all.
        </Trans>{" "}
        {saved > 0n && (
          <Trans>
            That is <Money millis={saved} className="font-semibold text-leaf" /> less than the
            retail tariff.
          </Trans>
        )}
      </p>
      {lockedMillis > 0n && (
        <p className="text-sm text-muted">
          <Trans>
            <Money millis={locked} /> of it is locked for energy to come: paid when it is delivered,
            returned with the seller's bond when it is not.
          </Trans>
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" onClick={onAgain}>
          <Trans>Buy more</Trans>
        </Button>
        <Link to="/energy" className={buttonClass()}>
          <Trans>See it in My energy</Trans>
        </Link>
        {explorerUrl && transaction && (
          <a
            href={`${explorerUrl.replace(/\/$/, "")}/tx/${transaction}`}
            className={buttonClass("ghost")}
          >
            <Trans>Transaction</Trans>
          </a>
        )}
      </div>
    </div>
  );
}

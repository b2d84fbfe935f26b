import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { costMillis, type Microgrid, type Terms } from "@wattline/sdk";
import { useRef, useState } from "react";
import type { Address } from "viem";
import { useAccount, useChainTime, useNetwork } from "../chain/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { Button, buttonClass, Energy, Money, Notice, Price, SkeletonLines } from "../ui/index.ts";
import { notify } from "../wallet/index.ts";
import { type Beginning, valuesOf } from "./defaults.ts";
import { type Draft, readDraft } from "./draft.ts";
import { pricesOf } from "./price.ts";
import { windowWords } from "./time.ts";
import { useBeginning } from "./useBeginning.ts";
import { useOrdering } from "./useOrdering.ts";

// The words come with what is said in them.
await loadMessages("orders");

/** What a household with a roof may sell now, at the price that the form would suggest: signed by one press. */
export default function SuggestedOffer({
  microgrid,
  maker,
}: {
  readonly microgrid: Microgrid;
  readonly maker: Address;
}) {
  const { currency } = useNetwork();
  const now = useChainTime();
  const { data: account } = useAccount(maker);
  const { beginning } = useBeginning("offer", microgrid, maker);
  if (now === undefined || account === undefined || beginning === undefined) {
    return <SkeletonLines lines={2} />;
  }
  if (!beginning.meters.some(({ capacityW }) => capacityW > 0)) return null;
  const lock = (account.lock?.untilSeconds ?? 0) > now ? account.lock : undefined;
  const { slotSeconds } = microgrid;
  const context = {
    side: "offer",
    maker,
    slotSeconds,
    decimals: currency.decimals,
    now,
    lock,
  } as const;
  const read = readDraft(valuesOf(context, beginning), context);
  const terms = read.data?.terms[0];
  if (read.data === undefined || terms === undefined) return null;
  return (
    <Suggestion draft={read.data} terms={terms} microgrid={microgrid} surplus={beginning.surplus} />
  );
}

function Suggestion({
  draft,
  terms,
  microgrid,
  surplus,
}: {
  readonly draft: Draft;
  readonly terms: Terms;
  readonly microgrid: Microgrid;
  readonly surplus: Beginning["surplus"];
}) {
  const { t } = useLingui();
  const now = useChainTime() ?? 0;
  const ordering = useOrdering(microgrid);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string>();
  const closing = useRef(new AbortController());
  const { energyWh, pricePerKwh } = terms;
  const window = { firstSlot: terms.firstSlot, lastSlot: terms.lastSlot ?? terms.firstSlot };
  const when = windowWords(window, microgrid.slotSeconds, now);
  const feedIn = pricesOf(microgrid, window)?.feedIn ?? 0n;

  async function sign(): Promise<void> {
    setBusy(true);
    setRefused(undefined);
    const placed = await ordering.place(draft, closing.current.signal);
    setBusy(false);
    switch (placed.status) {
      case "placed":
        return notify.done(t`Your offer is in the book`, t`Everybody in the market sees it now.`);
      case "declined":
        return notify.declined(t`Sell energy`);
      case "unreachable":
        return setRefused(t`You have signed, but the offers book does not answer.`);
      case "refused":
        return setRefused(placed.faults.map(({ words }) => words).join(" "));
    }
  }

  return (
    <div className="flex flex-col gap-3">
      <p>
        {surplus === undefined ? (
          <Trans>
            Sell the sun that is to come: <Energy wh={energyWh} className="font-semibold" />, {when}
            , for <Price perKwh={pricePerKwh} className="font-semibold" />.
          </Trans>
        ) : (
          <Trans>
            You have <Energy wh={energyWh} className="font-semibold" /> that nobody has bought yet:{" "}
            {when}. Offer it for <Price perKwh={pricePerKwh} className="font-semibold" />.
          </Trans>
        )}{" "}
        <Trans>
          It brings <Money millis={costMillis(pricePerKwh, energyWh)} className="font-semibold" />,
          and from the grid <Money millis={costMillis(feedIn, energyWh)} />.
        </Trans>
      </p>
      {refused !== undefined && <Notice tone="warning">{refused}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button look="sun" size="large" busy={busy} onClick={() => void sign()}>
          <Trans>Offer it</Trans>
        </Button>
        <Link to="/market" search={{ do: "sell" }} className={buttonClass("secondary", "large")}>
          <Trans>Change it first</Trans>
        </Link>
      </div>
    </div>
  );
}

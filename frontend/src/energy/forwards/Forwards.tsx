import { Trans, useLingui } from "@lingui/react/macro";
import type { PositionBlock } from "@wattline/sdk";
import { CalendarClock } from "lucide-react";
import type { Address } from "viem";
import { isAddressEqual } from "viem";
import { callOf, contractsOf, useMicrogrids, useNetwork } from "../../chain/index.ts";
import { Person } from "../../people/index.ts";
import {
  Badge,
  Button,
  Card,
  EmptyState,
  Energy,
  ErrorState,
  formatCount,
  formatEnergy,
  formatMoment,
  Money,
  Price,
  SkeletonLines,
  SlotTime,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import type { Forward } from "../history/forward.ts";
import { slotsOf, useForwards } from "../history/positions.ts";
import { keyOf, type Readiness, releasesOf, useReadiness } from "./release.ts";

/** The household's forwards: what is locked, and what was delivered. */
export default function Forwards({ holder }: { readonly holder: Address }) {
  const { t } = useLingui();
  const { data, error, refetch } = useForwards(holder);
  const open = data?.filter(({ block }) => block.state === "open") ?? [];
  const readiness = useReadiness(open);
  const { transact, busy } = useTransact();
  const { marketplace } = contractsOf(useNetwork());

  const release = (forwards: readonly Forward[]) => {
    const energy = energyOf(forwards);
    return transact({
      title: t`Release forwards over ${energy}`,
      calls: [callOf(marketplace, "release", [releasesOf(forwards)])],
    });
  };

  const callUndelivered = (forward: Forward) => {
    const energy = energyOf([forward]);
    return transact({
      title: t`Call a forward over ${energy} undelivered`,
      calls: [callOf(marketplace, "undelivered", [releasesOf([forward])])],
    });
  };

  if (error) {
    return (
      <ErrorState
        title={<Trans>Your forwards could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (data === undefined) return <SkeletonLines lines={6} />;
  const ready = open.filter((one) => readiness.get(keyOf(one))?.kind === "due");
  const count = formatCount(ready.length);
  return (
    <Card
      title={<Trans>Forwards</Trans>}
      actions={
        ready.length > 1 && (
          <Button look="primary" busy={busy} onClick={() => void release(ready)}>
            <Trans>Release all {count}</Trans>
          </Button>
        )
      }
    >
      {data.length === 0 ? (
        <EmptyState icon={<CalendarClock />} title={<Trans>No forwards</Trans>}>
          <Trans>
            When you buy or sell energy that is still to come, you see here what is locked for it
            until it has been delivered.
          </Trans>
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {data.map((forward) => (
            <ForwardItem
              key={keyOf(forward)}
              forward={forward}
              holder={holder}
              readiness={readiness.get(keyOf(forward))}
              busy={busy}
              onRelease={() => void release([forward])}
              onUndelivered={() => void callUndelivered(forward)}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

const energyOf = (forwards: readonly Forward[]): string =>
  formatEnergy(forwards.reduce((sum, { block }) => sum + block.energyWh, 0n));

function ForwardItem({
  forward,
  holder,
  readiness,
  busy,
  onRelease,
  onUndelivered,
}: {
  readonly forward: Forward;
  readonly holder: Address;
  readonly readiness: Readiness | undefined;
  readonly busy: boolean;
  onRelease(): void;
  onUndelivered(): void;
}) {
  const { data: microgrids } = useMicrogrids();
  const { position, block } = forward;
  const { seller, buyer, from, price, charge } = position;
  const sells = isAddressEqual(seller, holder);
  const { firstSlot, lastSlot } = slotsOf(forward);
  const slotSeconds = microgrids?.find(({ microgrid }) => microgrid === from)?.slotSeconds ?? 900;
  return (
    <li className="grid gap-x-6 gap-y-2 py-4 first:pt-0 last:pb-0 md:grid-cols-[1.4fr_1fr_auto] md:items-center">
      <div>
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone={sells ? "sun" : "sky"}>
            {sells ? <Trans>You sell</Trans> : <Trans>You buy</Trans>}
          </Badge>
          <Energy wh={block.energyWh} className="font-bold" />
          <span className="text-sm">
            <Trans>
              for <Price perKwh={sells && !position.perArrived ? price - charge : price} />
            </Trans>
          </span>
        </p>
        <p className="mt-1 text-sm">
          <SlotTime slot={firstSlot} lastSlot={lastSlot} slotSeconds={slotSeconds} />
        </p>
        <p className="text-sm text-muted">
          {sells ? <Trans>to</Trans> : <Trans>from</Trans>}{" "}
          <Person address={sells ? buyer : seller} />
        </p>
      </div>
      {block.state === "open" ? <Locked block={block} /> : <Outcome block={block} sells={sells} />}
      <div className="flex flex-col items-start gap-2 md:items-end">
        <Next {...{ block, readiness, busy, onRelease, onUndelivered }} mayCall={!sells} />
      </div>
    </li>
  );
}

function Next({
  block: { state, deliveredWh, energyWh },
  readiness,
  mayCall,
  busy,
  onRelease,
  onUndelivered,
}: {
  readonly block: PositionBlock;
  readonly readiness: Readiness | undefined;
  /** Whether the household may call slots without a reading undelivered: as the buyer. */
  readonly mayCall: boolean;
  readonly busy: boolean;
  onRelease(): void;
  onUndelivered(): void;
}) {
  if (state !== "open") {
    return (
      <Badge tone={deliveredWh < energyWh ? "danger" : "leaf"}>
        {state === "undelivered" ? (
          <Trans>Not delivered</Trans>
        ) : deliveredWh < energyWh ? (
          <Trans>Delivered short</Trans>
        ) : (
          <Trans>Delivered</Trans>
        )}
      </Badge>
    );
  }
  if (readiness?.kind === "due") {
    return (
      <Button look="primary" size="small" busy={busy} onClick={onRelease}>
        <Trans>Release</Trans>
      </Button>
    );
  }
  if (readiness?.kind === "overdue") {
    return mayCall ? (
      <Button look="danger" size="small" busy={busy} onClick={onUndelivered}>
        <Trans>Call it undelivered</Trans>
      </Button>
    ) : (
      <span className="text-sm text-muted">
        <Trans>Its reading is overdue: the buyer may call it undelivered</Trans>
      </span>
    );
  }
  const until = readiness?.untilSeconds;
  return (
    <span className="text-sm text-muted">
      {until === undefined ? (
        <Trans>Waits for its reading</Trans>
      ) : (
        <Trans>Waits for its reading, until {formatMoment(until)} at least</Trans>
      )}
    </span>
  );
}

const Locked = ({ block: { lockedMillis, bondedMillis } }: { readonly block: PositionBlock }) => (
  <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-sm">
    <dt className="text-muted">
      <Trans>Locked by the buyer</Trans>
    </dt>
    <dd className="text-right md:text-left">
      <Money millis={lockedMillis} />
    </dd>
    <dt className="text-muted">
      <Trans>Bond of the seller</Trans>
    </dt>
    <dd className="text-right md:text-left">
      <Money millis={bondedMillis} />
    </dd>
  </dl>
);

function Outcome({ block, sells }: { readonly block: PositionBlock; readonly sells: boolean }) {
  const { deliveredWh, energyWh, paidMillis, refundMillis, forfeitedMillis, chargeMillis } = block;
  return (
    <div className="text-sm">
      <p>
        <Trans>
          <Energy wh={deliveredWh} /> of <Energy wh={energyWh} /> delivered
        </Trans>
      </p>
      <p className="text-muted">
        {sells ? (
          <Trans>
            You received <Money millis={paidMillis - chargeMillis} />
          </Trans>
        ) : (
          <Trans>
            You paid <Money millis={paidMillis} />
          </Trans>
        )}
        {!sells && refundMillis > 0n && (
          <>
            {", "}
            <Trans>
              got <Money millis={refundMillis} /> back
            </Trans>
          </>
        )}
        {forfeitedMillis > 0n && (
          <>
            {", "}
            {sells ? (
              <Trans>
                lost a bond of <Money millis={forfeitedMillis} />
              </Trans>
            ) : (
              <Trans>
                and a bond of <Money millis={forfeitedMillis} />
              </Trans>
            )}
          </>
        )}
      </p>
    </div>
  );
}

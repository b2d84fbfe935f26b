import { Trans } from "@lingui/react/macro";
import type { TradeEntry } from "@wattline/sdk";
import type { ReactNode } from "react";
import type { Address } from "viem";
import { isAddressEqual } from "viem";
import { cx, Energy, formatClock, formatDay, Money } from "../ui/index.ts";

/** The way of a trade from the signature to the money, each step with its time and amounts. */
export function Steps({
  trade,
  holder,
  signedAt,
}: {
  readonly trade: TradeEntry;
  readonly holder: Address;
  /** When the household signed its order, where the book still knows it. Unix seconds. */
  readonly signedAt: number | undefined;
}) {
  const { reserved, delivered, state } = trade;
  const sells = isAddressEqual(trade.seller, holder);
  return (
    <ol className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
      <Step done time={signedAt}>
        <Trans>signed</Trans>
      </Step>
      {reserved && (
        <Step done time={reserved.time}>
          <Trans>
            reserved: <Energy wh={reserved.energyWh} />, <Money millis={reserved.lockedMillis} />{" "}
            locked
          </Trans>
        </Step>
      )}
      {delivered === undefined ? (
        <Step done={false} time={undefined}>
          <Trans>to be delivered</Trans>
        </Step>
      ) : (
        <Delivered trade={trade} delivered={delivered} sells={sells} />
      )}
      {delivered && (
        <Step done={state !== "open"} time={undefined}>
          <Paid delivered={delivered} sells={sells} />
        </Step>
      )}
    </ol>
  );
}

type Delivery = NonNullable<TradeEntry["delivered"]>;

function Delivered({
  trade: { reserved, state },
  delivered,
  sells,
}: {
  readonly trade: TradeEntry;
  readonly delivered: Delivery;
  readonly sells: boolean;
}) {
  const energy = <Energy wh={sells ? delivered.sentWh : delivered.arrivedWh} />;
  const due = <Energy wh={reserved?.energyWh ?? delivered.dueWh} />;
  const isWhole = state === "delivered";
  return (
    <Step done={state !== "open"} time={delivered.time} isShort={state === "short"}>
      {isWhole ? (
        <Trans>delivered: {energy}</Trans>
      ) : (
        <Trans>
          delivered: {energy} of {due}
        </Trans>
      )}
    </Step>
  );
}

function Paid({ delivered, sells }: { readonly delivered: Delivery; readonly sells: boolean }) {
  const { paidMillis, chargeMillis, refundMillis, forfeitedMillis } = delivered;
  return (
    <>
      {sells ? (
        <Trans>
          you received <Money millis={paidMillis - chargeMillis} />
        </Trans>
      ) : (
        <Trans>
          you paid <Money millis={paidMillis} />
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
    </>
  );
}

function Step({
  done,
  time,
  isShort = false,
  children,
}: {
  readonly done: boolean;
  readonly time: number | undefined;
  readonly isShort?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <li className={cx("flex items-baseline gap-1.5", !done && "text-muted")}>
      <span
        aria-hidden="true"
        className={cx(
          "size-2 shrink-0 rounded-full",
          isShort ? "bg-danger" : done ? "bg-leaf" : "border border-control",
        )}
      />
      <span>
        {children}
        {time !== undefined && (
          <span className="text-muted tabular-nums">
            {" "}
            {formatDay(time)}, {formatClock(time)}
          </span>
        )}
      </span>
    </li>
  );
}

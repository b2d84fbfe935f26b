import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { LANE_MAX_WH, SIDES } from "@wattline/sdk";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useChainQuery, useNetwork } from "../chain/index.ts";
import { Person } from "../people/index.ts";
import {
  AddressText,
  Badge,
  Energy,
  ErrorState,
  formatCount,
  formatMoment,
  formatUtc,
  Money,
  Price,
  Sheet,
  SkeletonLines,
  SlotTime,
} from "../ui/index.ts";
import { type HistoryRow, idOf } from "./history.ts";
import { useSourceName, useTypeNames } from "./names.ts";
import {
  type OrderEvidence,
  type ReadingEvidence,
  readEvidence,
  type Signed,
} from "./readEvidence.ts";

/** A settlement with its evidence: transaction, signed orders and signed readings, read from the chain. */
export default function SettlementSheet({
  row,
  onClose,
}: {
  readonly row: HistoryRow;
  onClose(): void;
}) {
  const names = useTypeNames();
  const sourceName = useSourceName();
  const { slotSeconds } = row;
  const evidence = useChainQuery(["evidence", idOf(row)], (context) => readEvidence(context, row));
  return (
    <Sheet
      open
      inAddress
      onOpenChange={onClose}
      title={names[row.type]}
      description={
        <SlotTime slot={row.firstSlot} lastSlot={row.lastSlot} slotSeconds={slotSeconds} />
      }
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">
        <Item label={<Trans>Seller</Trans>}>
          <Person address={row.seller} />
        </Item>
        <Item label={<Trans>Buyer</Trans>}>
          <Person address={row.buyer} />
        </Item>
        <Item label={<Trans>Source</Trans>}>{sourceName(row.source)}</Item>
        <Item label={<Trans>Sent</Trans>}>
          <Energy wh={row.sentWh} />
        </Item>
        {row.arrivedWh !== row.sentWh && (
          <Item label={<Trans>Arrived</Trans>}>
            <Energy wh={row.arrivedWh} />
          </Item>
        )}
        <Item label={row.type === "reserve" ? <Trans>Locked</Trans> : <Trans>Paid</Trans>}>
          <Money millis={row.costMillis} />
        </Item>
        <Item label={<Trans>Of which charges</Trans>}>
          <Money millis={row.chargeMillis} />
        </Item>
        {row.refundMillis > 0n && (
          <Item label={<Trans>Refunded</Trans>}>
            <Money millis={row.refundMillis} />
          </Item>
        )}
        {row.bondMillis > 0n && (
          <Item label={<Trans>Bond</Trans>}>
            <Money millis={row.bondMillis} />
          </Item>
        )}
        <Item label={<Trans>Settled</Trans>}>
          <span title={formatUtc(row.time)}>{formatMoment(row.time)}</span>
        </Item>
      </dl>
      {evidence.error ? (
        <ErrorState
          title={<Trans>The evidence could not be read</Trans>}
          error={evidence.error}
          onRetry={evidence.refetch}
        />
      ) : evidence.data === undefined ? (
        <SkeletonLines lines={5} />
      ) : (
        <>
          <Part title={<Trans>Orders</Trans>}>
            {evidence.data.orders.length === 0 && (
              <p className="text-sm text-muted">
                {row.type === "release" ? (
                  <Trans>
                    A release delivers what was reserved; its order is shown with the reservation.
                  </Trans>
                ) : (
                  <Trans>
                    Another contract made this call: the order is not visible in the transaction.
                  </Trans>
                )}
              </p>
            )}
            {evidence.data.orders.map((each) => (
              <OrderCard key={each.hash} evidence={each} slotSeconds={slotSeconds} />
            ))}
          </Part>
          <Part title={<Trans>Readings</Trans>}>
            {evidence.data.readings.length === 0 && (
              <p className="text-sm text-muted">
                <Trans>No reading of the seller covers these slots yet.</Trans>
              </p>
            )}
            {evidence.data.readings.map((each) => (
              <ReadingCard key={each.signature} evidence={each} slotSeconds={slotSeconds} />
            ))}
          </Part>
          <Part title={<Trans>Transaction</Trans>}>
            <TransactionCard row={row} {...evidence.data.transaction} />
          </Part>
        </>
      )}
    </Sheet>
  );
}

const Item = ({ label, children }: { readonly label: ReactNode; readonly children: ReactNode }) => (
  <>
    <dt className="text-muted">{label}</dt>
    <dd className="min-w-0 text-right font-medium break-words">{children}</dd>
  </>
);

const Part = ({ title, children }: { readonly title: ReactNode; readonly children: ReactNode }) => (
  <section className="mt-5 flex flex-col gap-2">
    <h3 className="font-semibold">{title}</h3>
    {children}
  </section>
);

const BOX = "rounded-xl border border-line p-3";
const LIST = "mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm";

function OrderCard({
  evidence: { hash, signed, by },
  slotSeconds,
}: {
  readonly evidence: OrderEvidence;
  readonly slotSeconds: number;
}) {
  const { order, signature } = signed;
  return (
    <div className={BOX}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">
          {SIDES[order.side] === "offer" ? <Trans>Offer</Trans> : <Trans>Bid</Trans>}{" "}
          <Person address={order.maker} />
        </span>
        <SignedBy by={by} />
      </div>
      <dl className={LIST}>
        <Item label={<Trans>Price</Trans>}>
          <Price perKwh={order.price} />
        </Item>
        <Item label={<Trans>At most</Trans>}>
          {BigInt(order.energy) === LANE_MAX_WH ? (
            <Trans>As much as there is</Trans>
          ) : (
            <Energy wh={BigInt(order.energy)} />
          )}
        </Item>
        <Item label={<Trans>Slots</Trans>}>
          <SlotTime slot={order.firstSlot} lastSlot={order.lastSlot} slotSeconds={slotSeconds} />
        </Item>
        <Item label={<Trans>Valid until</Trans>}>{formatMoment(order.deadline)}</Item>
      </dl>
      <Digits label={<Trans>Order</Trans>}>{hash}</Digits>
      <Digits label={<Trans>Signature</Trans>}>{signature}</Digits>
    </div>
  );
}

function ReadingCard({
  evidence: { meter, signature, by, energyWh, transaction },
  slotSeconds,
}: {
  readonly evidence: ReadingEvidence;
  readonly slotSeconds: number;
}) {
  return (
    <div className={BOX}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">
          <Trans>Meter</Trans> <AddressText address={meter} />
        </span>
        <SignedBy by={by} />
      </div>
      <dl className={LIST}>
        {energyWh.map(([slot, wh]) => (
          <Item key={slot} label={<SlotTime slot={slot} slotSeconds={slotSeconds} />}>
            <Energy wh={wh} />
          </Item>
        ))}
      </dl>
      <Digits label={<Trans>Signature</Trans>}>{signature}</Digits>
      <Digits label={<Trans>Transaction</Trans>}>{transaction}</Digits>
    </div>
  );
}

function TransactionCard({
  row,
  from,
  gasUsed,
  calls,
}: { readonly row: HistoryRow } & Evidence["transaction"]) {
  const { explorerUrl } = useNetwork();
  return (
    <div className={BOX}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        <Item label={<Trans>Sent by</Trans>}>
          <Person address={from} />
        </Item>
        <Item label={<Trans>Block</Trans>}>{formatCount(row.block)}</Item>
        <Item label={<Trans>Gas</Trans>}>{formatCount(gasUsed)}</Item>
        <Item label={<Trans>Calls</Trans>}>{calls.join(", ") || "—"}</Item>
      </dl>
      <Digits label={<Trans>Transaction</Trans>}>{row.transaction}</Digits>
      <p className="mt-2 flex flex-wrap gap-3 text-sm font-semibold">
        <Link
          to="/audit"
          search={(search) => ({ ...search, tx: row.transaction, row: undefined })}
          className="text-leaf underline"
        >
          <Trans>All settlements of this transaction</Trans>
        </Link>
        {explorerUrl && (
          <a href={`${explorerUrl}/tx/${row.transaction}`} className="text-leaf underline">
            <Trans>In the explorer</Trans>
          </a>
        )}
      </p>
    </div>
  );
}

type Evidence = Awaited<ReturnType<typeof readEvidence>>;

const Digits = ({ label, children }: { readonly label: ReactNode; readonly children: string }) => (
  <p className="mt-2 text-xs">
    <span className="text-muted">{label}</span>{" "}
    <code className="font-mono break-all">{children}</code>
  </p>
);

function SignedBy({ by }: { readonly by: Signed }) {
  const { t } = useLingui();
  const words: Readonly<Record<Signed, string>> = {
    maker: t`Signed by its maker`,
    delegate: t`Signed by a delegate`,
    lockSigner: t`Signed by whom its lock names`,
    wallet: t`Accepted by its wallet`,
    device: t`Signed by the device`,
    unknown: t`Signature does not match`,
  };
  const Icon = by === "unknown" ? ShieldAlert : ShieldCheck;
  return (
    <Badge tone={by === "unknown" ? "danger" : "leaf"}>
      <Icon aria-hidden="true" className="size-3.5" />
      {words[by]}
    </Badge>
  );
}

import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { Gauge } from "lucide-react";
import type { ReactNode } from "react";
import { useConnection } from "wagmi";
import { NoWallet, useMicrogrid } from "../app/index.ts";
import { useChainTime } from "../chain/index.ts";
import { Person } from "../people/index.ts";
import { buttonClass, EmptyState, ErrorState, Notice, Sheet, SkeletonLines } from "../ui/index.ts";
import { OrderForm } from "./OrderForm.tsx";
import { useBeginning } from "./useBeginning.ts";

/** A dialog that its caller opens and closes. */
export interface OpenDialog {
  readonly open: boolean;
  onOpenChange(open: boolean): void;
}

/** The frame of both forms: what it takes before one can sign. */
export function OrderDialog({
  side,
  title,
  children,
  open,
  onOpenChange,
}: OpenDialog & {
  readonly side: "offer" | "bid";
  readonly title: ReactNode;
  /** What it is good for, in a sentence. */
  readonly children: ReactNode;
}) {
  const { microgrid } = useMicrogrid();
  return (
    <Sheet open={open} onOpenChange={onOpenChange} inAddress title={title} description={children}>
      {microgrid === undefined ? (
        <SkeletonLines />
      ) : (
        <Ready side={side} microgrid={microgrid} onClose={() => onOpenChange(false)} />
      )}
    </Sheet>
  );
}

function Ready({
  side,
  microgrid,
  onClose,
}: {
  readonly side: "offer" | "bid";
  readonly microgrid: Microgrid;
  onClose(): void;
}) {
  const { address } = useConnection();
  const now = useChainTime();
  const { beginning, homes, error, refetch } = useBeginning(side, microgrid, address);
  if (address === undefined) return <NoWallet />;
  if (microgrid.closedFrom !== undefined) {
    return (
      <Notice tone="warning">
        <Trans>This microgrid is closed for new trades. Withdrawals go on.</Trans>
      </Notice>
    );
  }
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your meter could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (beginning === undefined || now === undefined) return <SkeletonLines lines={6} />;
  const canSell =
    beginning.surplus !== undefined || beginning.meters.some(({ capacityW }) => capacityW > 0);
  if (side === "offer" && !canSell) return <NothingToSell microgrid={microgrid} />;
  return (
    <OrderForm
      key={address}
      side={side}
      microgrid={microgrid}
      maker={address}
      beginning={beginning}
      neighbours={homes}
      onClose={onClose}
    />
  );
}

/** An account without energy, and without a meter that could bring any, is told what it needs. */
function NothingToSell({ microgrid: { name, operator } }: { readonly microgrid: Microgrid }) {
  return (
    <EmptyState
      icon={<Gauge />}
      title={<Trans>You have nothing to sell in {name} yet</Trans>}
      action={
        <Link to="/gains" className={buttonClass("primary")}>
          <Trans>What would I gain?</Trans>
        </Link>
      }
    >
      <Trans>
        Energy is sold by who owns a meter here, or has bought some. The operator{" "}
        <Person address={operator} /> registers your meter: send it the link that your meter or your
        home agent shows.
      </Trans>
    </EmptyState>
  );
}

import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { Network } from "lucide-react";
import { useDeferredValue } from "react";
import { useMicrogrid } from "../app/index.ts";
import { EmptyState, PageHeader, SkeletonLines } from "../ui/index.ts";
import { Settlements } from "./Settlements.tsx";
import { VerifyCard } from "./VerifyCard.tsx";

/** The settlement history, for anyone to check. */
export function AuditPage() {
  const { microgrid: newest, isPending } = useMicrogrid();
  // Rendered in steps, so that the page stays responsive.
  const microgrid = useDeferredValue(newest);
  return (
    <>
      <PageHeader title={<Trans>Audit</Trans>}>
        <Trans>
          Every settlement, with the reading, the order and the signature behind it. You don't have
          to trust anyone: check it all in your own browser.
        </Trans>{" "}
        <Link to="/delivery" className="text-leaf underline">
          <Trans>Check a delivery statement</Trans>
        </Link>
      </PageHeader>
      <div className="flex flex-col gap-5">
        <VerifyCard />
        {microgrid ? (
          <Settlements key={microgrid.microgrid} microgrid={microgrid} />
        ) : isPending || newest ? (
          <SkeletonLines lines={6} />
        ) : (
          <EmptyState icon={<Network />} title={<Trans>There is no microgrid yet</Trans>} />
        )}
      </div>
    </>
  );
}

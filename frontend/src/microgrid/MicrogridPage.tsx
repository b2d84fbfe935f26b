import { Trans, useLingui } from "@lingui/react/macro";
import type { Microgrid } from "@wattline/sdk";
import { Network, Plus } from "lucide-react";
import { memo, Suspense, useDeferredValue, useState } from "react";
import { isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { useMicrogrid } from "../app/index.ts";
import { callOf, contractsOf, useMicrogrids, useNetwork } from "../chain/index.ts";
import { StreetMap } from "../map/index.ts";
import { Person } from "../people/index.ts";
import {
  Button,
  Card,
  EmptyState,
  ErrorState,
  formatCount,
  lazily,
  Notice,
  PageHeader,
  SkeletonLines,
  WhenNear,
} from "../ui/index.ts";
import { Day } from "./day/Day.tsx";
import { Members } from "./members/Members.tsx";
import { CallButton } from "./operator/CallButton.tsx";
import { NextSteps } from "./operator/NextSteps.tsx";
import { Prices } from "./state/Prices.tsx";
import { State } from "./state/State.tsx";
import { TieLines } from "./tieLines/TieLines.tsx";

const OperatorPanel = lazily(() => import("./operator/OperatorPanel.tsx"));
const FoundSheet = lazily(() => import("./operator/FoundSheet.tsx"));

/** The microgrid page: state, energy of the day, tie lines, members, and the operator's tasks. */
export function MicrogridPage() {
  const { microgrid: newest, isPending } = useMicrogrid();
  // Rendered in steps, so that the page stays responsive.
  const microgrid = useDeferredValue(newest);
  const { error, refetch } = useMicrogrids();
  const { isConnected } = useConnection();
  const [founds, setFounds] = useState(false);
  const found = (
    <Button onClick={() => setFounds(true)}>
      <Plus aria-hidden="true" className="size-4" />
      <Trans>Found a microgrid</Trans>
    </Button>
  );
  return (
    <>
      <PageHeader
        title={microgrid?.name ?? <Trans>Microgrid</Trans>}
        actions={isConnected && found}
      >
        <Trans>
          Who makes energy here and who uses it, what flows to neighbouring microgrids and back, and
          what it means for you when the central grid is down.
        </Trans>
      </PageHeader>
      {microgrid ? (
        <Community key={microgrid.microgrid} microgrid={microgrid} />
      ) : isPending || newest ? (
        <SkeletonLines lines={8} />
      ) : error ? (
        <ErrorState
          title={<Trans>The microgrids could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : (
        <EmptyState icon={<Network />} title={<Trans>There is no microgrid yet</Trans>}>
          <Trans>Connect a wallet and found the first one: you become its operator.</Trans>
        </EmptyState>
      )}
      {founds && (
        <Suspense>
          <FoundSheet onClose={() => setFounds(false)} />
        </Suspense>
      )}
    </>
  );
}

function Charter({ microgrid: { operator, slotSeconds } }: { readonly microgrid: Microgrid }) {
  const minutes = formatCount(slotSeconds / 60);
  const { address } = useConnection();
  return (
    <p className="-mt-3 text-sm text-muted">
      {address !== undefined && isAddressEqual(operator, address) ? (
        <Trans>Delivery slots of {minutes} minutes, run by you</Trans>
      ) : (
        <Trans>
          Delivery slots of {minutes} minutes, run by <Person address={operator} />
        </Trans>
      )}
    </p>
  );
}

const Community = memo(function Community({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { address } = useConnection();
  const { microgrids } = contractsOf(useNetwork());
  const isMe = (account: Microgrid["successor"]) =>
    address !== undefined && account !== undefined && isAddressEqual(account, address);
  const { name } = microgrid;
  return (
    <div className="flex flex-col gap-5">
      <Charter microgrid={microgrid} />
      <State microgrid={microgrid} />
      {isMe(microgrid.successor) && (
        <Notice>
          <p className="mb-2">
            <Trans>The operator hands this microgrid over to you. Accept, and you run it.</Trans>
          </p>
          <CallButton
            label={<Trans>Accept the role</Trans>}
            title={t`Become the operator of ${name}`}
            call={() => callOf(microgrids, "acceptHandOver", [microgrid.microgrid])}
          />
        </Notice>
      )}
      {isMe(microgrid.operator) && <NextSteps microgrid={microgrid} />}
      <Prices microgrid={microgrid} />
      {isMe(microgrid.operator) && (
        <Suspense fallback={<SkeletonLines />}>
          <OperatorPanel microgrid={microgrid} />
        </Suspense>
      )}
      <Day microgrid={microgrid} />
      <Card title={<Trans>Homes and tie lines</Trans>}>
        <WhenNear placeholder={<SkeletonLines lines={8} />}>
          <Suspense fallback={<SkeletonLines lines={8} />}>
            <StreetMap />
          </Suspense>
        </WhenNear>
      </Card>
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <TieLines microgrid={microgrid} />
        <Members microgrid={microgrid} />
      </div>
    </div>
  );
});

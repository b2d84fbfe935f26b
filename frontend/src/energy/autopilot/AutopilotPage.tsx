import { Trans } from "@lingui/react/macro";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { NoWallet, useMicrogrid } from "../../app/index.ts";
import { useChainTime, useNetwork } from "../../chain/index.ts";
import { Card, ErrorState, PageHeader, SkeletonLines } from "../../ui/index.ts";
import { useDelegates } from "../history/delegates.ts";
import { Delegates, mayTrade } from "./Delegates.tsx";
import { Handing } from "./Handing.tsx";
import { SwitchOn } from "./SwitchOn.tsx";
import { Today } from "./Today.tsx";

/** The home agent as a switch: on with three sentences, what it did today, and off at once. */
export function AutopilotPage() {
  const { address } = useConnection();
  return (
    <>
      <PageHeader title={<Trans>Autopilot</Trans>}>
        <Trans>
          Your home agent, a small program beside your meter, sells your surplus and covers your
          need by itself, within your limits. It can never withdraw.
        </Trans>
      </PageHeader>
      {address === undefined ? <NoWallet /> : <Household key={address} holder={address} />}
    </>
  );
}

function Household({ holder }: { readonly holder: Address }) {
  const { currency } = useNetwork();
  const { microgrid } = useMicrogrid();
  const time = useChainTime();
  const delegates = useDelegates(holder, currency.address);
  if (delegates.error) {
    return (
      <ErrorState
        title={<Trans>Your home agents could not be read</Trans>}
        error={delegates.error}
        onRetry={delegates.refetch}
      />
    );
  }
  if (delegates.data === undefined || microgrid === undefined || time === undefined) {
    return <SkeletonLines lines={8} />;
  }
  const isOn = delegates.data.some((each) => mayTrade(each, time));
  return (
    <div className="flex flex-col gap-5">
      {delegates.data.length > 0 && (
        <Card title={isOn ? <Trans>It is on</Trans> : <Trans>It is off</Trans>}>
          <Delegates delegates={delegates.data} />
        </Card>
      )}
      {isOn && <Today holder={holder} />}
      {isOn && <Handing holder={holder} />}
      <SwitchOn holder={holder} microgrid={microgrid} nowSeconds={time} isOn={isOn} />
    </div>
  );
}

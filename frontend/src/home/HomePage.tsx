import { Trans } from "@lingui/react/macro";
import { Suspense } from "react";
import { useConnection } from "wagmi";
import { useMicrogrid } from "../app/index.ts";
import { StreetMap } from "../map/index.ts";
import { Card, lazily, SkeletonLines } from "../ui/index.ts";
import { Welcome } from "./Welcome.tsx";

const Household = lazily(() => import("./Household.tsx"));

/** What opens first: without a wallet what this is; with one, one's own day. */
export function HomePage() {
  const { address } = useConnection();
  const { microgrid } = useMicrogrid();
  return (
    <div className="flex flex-col gap-5">
      {address === undefined ? (
        <Welcome microgrid={microgrid} />
      ) : (
        <Suspense fallback={<SkeletonLines lines={8} />}>
          <Household key={address} holder={address} microgrid={microgrid} />
        </Suspense>
      )}
      <Card title={<Trans>The street now</Trans>}>
        <Suspense fallback={<SkeletonLines lines={8} />}>
          <StreetMap />
        </Suspense>
      </Card>
    </div>
  );
}

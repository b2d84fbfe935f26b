import { Trans } from "@lingui/react/macro";
import type { Microgrid } from "@wattline/sdk";
import { Energy, Money, Skeleton, Stat } from "../ui/index.ts";
import { useCommunityGains } from "./useCommunityGains.ts";

/** What a community's neighbours have gained from each other in the last 24 hours of delivery. */
export function CommunityGains({ microgrid }: { readonly microgrid: Microgrid | undefined }) {
  const { data, error } = useCommunityGains(microgrid);
  if (error) return null;
  const waiting = <Skeleton className="h-7 w-24" />;
  return (
    <div className="grid grid-cols-3 gap-2 sm:gap-3">
      <Stat
        tone="leaf"
        label={<Trans>Shared in 24 hours</Trans>}
        value={data === undefined ? waiting : <Energy wh={data.boughtWh} />}
        detail={<Trans>from roof to neighbour</Trans>}
      />
      <Stat
        tone="sun"
        label={<Trans>Sellers earned</Trans>}
        value={data === undefined ? waiting : <Money millis={data.earnedMillis} />}
        detail={<Trans>over the feed-in tariff</Trans>}
      />
      <Stat
        tone="sky"
        label={<Trans>Buyers saved</Trans>}
        value={data === undefined ? waiting : <Money millis={data.savedMillis} />}
        detail={<Trans>against the retail tariff</Trans>}
      />
    </div>
  );
}

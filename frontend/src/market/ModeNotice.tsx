import { Trans } from "@lingui/react/macro";
import { Lock, Unplug } from "lucide-react";
import { type Microgrid, modeOf } from "../chain/index.ts";
import { Energy, Notice, Price } from "../ui/index.ts";

/** Says what it means for trading that a microgrid is islanded or closed. */
export function ModeNotice({ microgrid }: { readonly microgrid: Microgrid }) {
  const { name } = microgrid.charter;
  const { islandPriceCap, islandRation } = microgrid.tariffs;
  const mode = modeOf(microgrid);
  if (mode === "Connected") return null;
  return (
    <div className="mb-4">
      {mode === "Islanded" ? (
        <Notice tone="warning" icon={<Unplug className="size-5" />}>
          <Trans>
            <strong>{name} is islanded: disconnected from the grid.</strong> Neighbours trade among
            themselves only, for <Price perKwh={islandPriceCap} /> at most. An ordinary home may buy{" "}
            <Energy wh={BigInt(islandRation)} /> of each slot; a critical load as much as it needs.
          </Trans>
        </Notice>
      ) : (
        <Notice tone="warning" icon={<Lock className="size-5" />}>
          <Trans>
            <strong>{name} is closed for new trades.</strong> Withdrawals and the release of
            forwards go on.
          </Trans>
        </Notice>
      )}
    </div>
  );
}

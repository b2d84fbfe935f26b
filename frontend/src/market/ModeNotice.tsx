import { Trans } from "@lingui/react/macro";
import { levelFor, type Microgrid, modeIn, rationWhIn, slotStart } from "@wattline/sdk";
import { Lock, Unplug } from "lucide-react";
import { Energy, formatMoment, Notice, Price } from "../ui/index.ts";

/** Says what it means for trading that a microgrid is islanded or closed. */
export default function ModeNotice({
  microgrid,
  slot,
}: {
  readonly microgrid: Microgrid;
  /** The current one. */
  readonly slot: number;
}) {
  const { name, closedFrom, slotSeconds } = microgrid;
  if (closedFrom !== undefined) {
    return (
      <div className="mb-4">
        <Notice tone="warning" icon={<Lock className="size-5" />}>
          <Trans>
            <strong>{name} is closed for new trades</strong> of energy delivered after{" "}
            {formatMoment(slotStart(closedFrom, slotSeconds))}. What was delivered before,
            withdrawals and the release of forwards go on.
          </Trans>
        </Notice>
      </div>
    );
  }
  if (modeIn(microgrid, slot) !== "Islanded") return null;
  const rationWh = rationWhIn(microgrid, slot);
  return (
    <div className="mb-4">
      <Notice tone="warning" icon={<Unplug className="size-5" />}>
        <Trans>
          <strong>{name} is islanded: disconnected from the grid.</strong> Energy of these slots is
          traded among neighbours only, for <Price perKwh={levelFor(microgrid, slot).capPerKwh} />{" "}
          at most.
        </Trans>{" "}
        {rationWh !== undefined && (
          <Trans>
            An ordinary home may buy <Energy wh={rationWh} /> of each slot; a critical load as much
            as it needs.
          </Trans>
        )}
      </Notice>
    </div>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { type Address, isAddressEqual } from "viem";
import { callOf, contractsOf, useMicrogrids, useNetwork } from "../../chain/index.ts";
import { type Forward, slotsOf } from "../../energy/index.ts";
import { Button, Energy, formatMoment, Money, SlotTime } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { energyOf } from "./energy.ts";
import { keyOf, type Readiness, releasesOf } from "./release.ts";

/** Blocks of a forward that are to be delivered or settled: what is locked for each, and what can be done with it now. */
export function OpenBlocks({
  forwards,
  readiness,
  holder,
}: {
  readonly forwards: readonly Forward[];
  readonly readiness: ReadonlyMap<string, Readiness>;
  readonly holder: Address;
}) {
  return (
    <ul className="divide-y divide-line rounded-xl border border-line px-3">
      {forwards.map((forward) => (
        <OpenBlock
          key={keyOf(forward)}
          forward={forward}
          holder={holder}
          readiness={readiness.get(keyOf(forward))}
        />
      ))}
    </ul>
  );
}

function OpenBlock({
  forward,
  holder,
  readiness,
}: {
  readonly forward: Forward;
  readonly holder: Address;
  readonly readiness: Readiness | undefined;
}) {
  const { data: microgrids } = useMicrogrids();
  const { position, block } = forward;
  const { firstSlot, lastSlot } = slotsOf(forward);
  const slotSeconds =
    microgrids?.find(({ microgrid }) => microgrid === position.from)?.slotSeconds ?? 900;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2 text-sm">
      <span>
        <Energy wh={block.energyWh} className="font-semibold" />
        {", "}
        <SlotTime slot={firstSlot} lastSlot={lastSlot} slotSeconds={slotSeconds} />
      </span>
      <span className="text-muted">
        <Trans>
          <Money millis={block.lockedMillis} /> locked by the buyer,{" "}
          <Money millis={block.bondedMillis} /> by the seller
        </Trans>
      </span>
      <span className="ml-auto">
        <Next
          forward={forward}
          readiness={readiness}
          isBuyer={isAddressEqual(position.buyer, holder)}
        />
      </span>
    </li>
  );
}

function Next({
  forward,
  readiness,
  isBuyer,
}: {
  readonly forward: Forward;
  readonly readiness: Readiness | undefined;
  readonly isBuyer: boolean;
}) {
  const { t } = useLingui();
  const { transact, busy } = useTransact();
  const { marketplace } = contractsOf(useNetwork());
  const energy = energyOf([forward]);
  if (readiness?.kind === "due") {
    const title = t`Release forwards over ${energy}`;
    const calls = [callOf(marketplace, "release", [releasesOf([forward])])];
    return (
      <Button
        look="primary"
        size="small"
        busy={busy}
        onClick={() => void transact({ title, calls })}
      >
        <Trans>Release</Trans>
      </Button>
    );
  }
  if (readiness?.kind === "overdue") {
    if (!isBuyer) {
      return (
        <span className="text-muted">
          <Trans>Its reading is overdue: the buyer may call it undelivered</Trans>
        </span>
      );
    }
    const title = t`Call a forward over ${energy} undelivered`;
    const calls = [callOf(marketplace, "undelivered", [releasesOf([forward])])];
    return (
      <Button
        look="danger"
        size="small"
        busy={busy}
        onClick={() => void transact({ title, calls })}
      >
        <Trans>Call it undelivered</Trans>
      </Button>
    );
  }
  const until = readiness?.untilSeconds;
  return (
    <span className="text-muted">
      {until === undefined ? (
        <Trans>Waits for its reading</Trans>
      ) : (
        <Trans>Waits for its reading, until {formatMoment(until)} at least</Trans>
      )}
    </span>
  );
}

import { Trans } from "@lingui/react/macro";
import { levelFor, type Microgrid, modeIn, rationWhIn } from "@wattline/sdk";
import { CircleOff, PlugZap, Waves } from "lucide-react";
import { isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { useCurrentSlot } from "../../chain/index.ts";
import { useMembers } from "../../data/index.ts";
import { cx, Energy, Price, SkeletonLines } from "../../ui/index.ts";
import { useModeNames } from "./modeNames.ts";

const LOOKS = {
  Connected: { Icon: PlugZap, box: "border-leaf bg-leaf-soft" },
  Islanded: { Icon: Waves, box: "border-sun bg-sun-soft" },
  Closed: { Icon: CircleOff, box: "border-danger bg-danger-soft" },
} as const;

/** The state of the microgrid, and what it means for the reader. */
export function State({ microgrid }: { readonly microgrid: Microgrid }) {
  const slot = useCurrentSlot(microgrid);
  const names = useModeNames();
  if (slot === undefined) return <SkeletonLines />;
  const mode = modeIn(microgrid, slot);
  const { Icon, box } = LOOKS[mode];
  return (
    <section
      aria-label={names[mode]}
      className={cx("flex items-start gap-4 rounded-2xl border-l-4 p-4 sm:p-5", box)}
    >
      <Icon aria-hidden="true" className="mt-1 size-7 shrink-0" />
      <div className="min-w-0">
        <h2 className="text-xl font-bold">{names[mode]}</h2>
        <div className="mt-1 flex max-w-3xl flex-col gap-1">
          <Meaning microgrid={microgrid} slot={slot} />
        </div>
      </div>
    </section>
  );
}

function Meaning({ microgrid, slot }: { readonly microgrid: Microgrid; readonly slot: number }) {
  switch (modeIn(microgrid, slot)) {
    case "Connected":
      return <Normal microgrid={microgrid.microgrid} />;
    case "Islanded":
      return (
        <>
          <p>
            <Trans>
              The microgrid is disconnected from the grid. You can trade with your neighbours here,
              at <Price perKwh={levelFor(microgrid, slot).capPerKwh} /> at most. Nothing crosses a
              tie line until it is connected again: such purchases are refused.
            </Trans>
          </p>
          <MyRation microgrid={microgrid} rationWh={rationWhIn(microgrid, slot)} />
        </>
      );
    case "Closed":
      return (
        <p>
          <Trans>
            No new trade is made here. Your money stays yours: withdraw it at any time, and release
            forwards as usual.
          </Trans>
        </p>
      );
  }
}

/** Trade as usual; where nobody is metered yet there is none. */
function Normal({ microgrid }: { readonly microgrid: number }) {
  const { data } = useMembers(microgrid);
  const isEmpty = data !== undefined && !data.some(({ active }) => active);
  return (
    <p>
      {isEmpty ? (
        <Trans>
          Nobody is metered here yet: there is nothing to buy or to sell until the operator has
          registered the first meter.
        </Trans>
      ) : (
        <Trans>
          All is normal. You can buy and sell here and over the tie lines; what neighbours don't
          supply, the grid does.
        </Trans>
      )}
    </p>
  );
}

/** What the ration means for the connected account. */
function MyRation({
  microgrid,
  rationWh,
}: {
  readonly microgrid: Microgrid;
  /** Undefined when there is none. */
  readonly rationWh: bigint | undefined;
}) {
  const { address } = useConnection();
  const { data } = useMembers(microgrid.microgrid);
  const mine = data?.filter(
    ({ owner, active }) => active && address !== undefined && isAddressEqual(owner, address),
  );
  if (mine?.some(({ critical }) => critical)) {
    return (
      <p className="font-semibold">
        <Trans>Your meter feeds a critical load: it has no ration.</Trans>
      </p>
    );
  }
  if (mine !== undefined && address !== undefined && mine.length === 0) {
    return (
      <p>
        <Trans>Buying needs a meter here, and you have none.</Trans>
      </p>
    );
  }
  if (rationWh === undefined) return null;
  return (
    <p>
      <Trans>
        Each ordinary meter may buy <Energy wh={rationWh} /> per delivery slot; critical loads have
        no ration.
      </Trans>
    </p>
  );
}

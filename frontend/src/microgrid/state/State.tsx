import { Trans } from "@lingui/react/macro";
import { CircleOff, PlugZap, Waves } from "lucide-react";
import { isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { type Microgrid, modeOf } from "../../chain/index.ts";
import { cx, Energy, Price, Stat } from "../../ui/index.ts";
import { useMembers } from "../members/useMembers.ts";
import { useModeNames } from "./modeNames.ts";

const LOOKS = {
  Connected: { Icon: PlugZap, box: "border-leaf bg-leaf-soft" },
  Islanded: { Icon: Waves, box: "border-sun bg-sun-soft" },
  Closed: { Icon: CircleOff, box: "border-danger bg-danger-soft" },
} as const;

/** The state of the microgrid, and what it means for the reader. */
export function State({ microgrid }: { readonly microgrid: Microgrid }) {
  const mode = modeOf(microgrid);
  const names = useModeNames();
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
          <Meaning microgrid={microgrid} />
        </div>
      </div>
    </section>
  );
}

function Meaning({ microgrid }: { readonly microgrid: Microgrid }) {
  const { islandPriceCap, islandRation } = microgrid.tariffs;
  switch (modeOf(microgrid)) {
    case "Connected":
      return (
        <p>
          <Trans>
            All is normal. You can buy and sell here and over the tie lines; what neighbours don't
            supply, the grid does.
          </Trans>
        </p>
      );
    case "Islanded":
      return (
        <>
          <p>
            <Trans>
              The microgrid is disconnected from the grid. You can trade with your neighbours here,
              at <Price perKwh={islandPriceCap} /> at most. Nothing crosses a tie line until it is
              connected again: such purchases are refused.
            </Trans>
          </p>
          <MyRation microgrid={microgrid} rationWh={BigInt(islandRation)} />
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

/** What the ration means for the connected account. */
function MyRation({
  microgrid,
  rationWh,
}: {
  readonly microgrid: Microgrid;
  readonly rationWh: bigint;
}) {
  const { address } = useConnection();
  const { data } = useMembers(microgrid.id);
  const mine = data?.filter(
    ({ owner, active }) => active && address !== undefined && isAddressEqual(owner, address),
  );
  if (mine?.some(({ critical }) => critical)) {
    return (
      <p className="font-semibold">
        <Trans>Your meter feeds a critical load: it comes first and has no ration.</Trans>
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
  return (
    <p>
      <Trans>
        Each home may buy <Energy wh={rationWh} /> per delivery slot directly; critical loads come
        first.
      </Trans>
    </p>
  );
}

/** The grid's tariffs. */
export function Tariffs({ microgrid: { tariffs } }: { readonly microgrid: Microgrid }) {
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      <Stat
        tone="sun"
        label={<Trans>The grid pays (feed-in tariff)</Trans>}
        value={<Price perKwh={tariffs.feedIn} />}
      />
      <Stat
        tone="sky"
        label={<Trans>The grid charges (retail tariff)</Trans>}
        value={<Price perKwh={tariffs.retail} />}
      />
      <Stat
        label={<Trans>Network fee of a trade</Trans>}
        value={<Price perKwh={tariffs.networkFee} />}
      />
    </div>
  );
}

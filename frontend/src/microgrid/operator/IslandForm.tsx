import { Trans, useLingui } from "@lingui/react/macro";
import { isIslandedIn, type Microgrid, rationWhIn, slotStart } from "@wattline/sdk";
import { useState } from "react";
import { callOf, contractsOf, useCurrentSlot, useNetwork } from "../../chain/index.ts";
import { Energy, Field, formatMoment, Select, SkeletonLines } from "../../ui/index.ts";
import { CallButton } from "./CallButton.tsx";
import { EnergyField, Incomplete, useTypedAmount } from "./fields.tsx";

/** What the operator declares at once: an island and its end, past islanded slots, the ration, and closing. */
export function IslandForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { microgrids } = contractsOf(useNetwork());
  const slot = useCurrentSlot(microgrid);
  if (slot === undefined) return <SkeletonLines />;
  const { microgrid: number, name, closedFrom } = microgrid;
  const isIslanded =
    isIslandedIn(microgrid, slot) && microgrid.islands.at(-1)?.lastSlot === undefined;
  return (
    <div className="grid gap-6 md:grid-cols-2">
      <section className="flex flex-col gap-3">
        <p className="text-sm text-muted">
          {isIslanded ? (
            <Trans>
              The microgrid is islanded. When the grid is back, say so: from the next slot on energy
              crosses tie lines again, and price cap and ration end.
            </Trans>
          ) : (
            <Trans>
              When the grid is down: trades stay within the microgrid, under the price cap and the
              ration. It begins with the current slot.
            </Trans>
          )}
        </p>
        <CallButton
          label={isIslanded ? <Trans>Reconnected</Trans> : <Trans>Declare it islanded</Trans>}
          title={isIslanded ? t`Declare ${name} reconnected` : t`Declare ${name} islanded`}
          call={() => callOf(microgrids, "setIslanded", [number, !isIslanded])}
        />
      </section>
      <section className="flex flex-col gap-3">
        <p className="text-sm text-muted">
          {closedFrom === undefined ? (
            <Trans>
              Closing ends trades of slots that start later. Withdrawals and releases go on.
            </Trans>
          ) : (
            <Trans>The microgrid is closed. Opened again, all slots trade.</Trans>
          )}
        </p>
        <CallButton
          look="secondary"
          label={closedFrom === undefined ? <Trans>Close it</Trans> : <Trans>Open it</Trans>}
          title={closedFrom === undefined ? t`Close ${name}` : t`Open ${name}`}
          call={() => callOf(microgrids, "setClosed", [number, closedFrom === undefined])}
        />
      </section>
      <Ration microgrid={microgrid} slot={slot} />
      <PastIsland microgrid={microgrid} slot={slot} />
    </div>
  );
}

interface InSlot {
  readonly microgrid: Microgrid;
  readonly slot: number;
}

function Ration({ microgrid, slot }: InSlot) {
  const { t } = useLingui();
  const { microgrids } = contractsOf(useNetwork());
  const current = rationWhIn(microgrid, slot);
  const ration = useTypedAmount(current, 3);
  return (
    <section className="flex flex-col gap-3">
      <EnergyField
        label={<Trans>Island ration per slot</Trans>}
        hint={
          current === undefined ? (
            <Trans>There is none now. It holds from the next slot on.</Trans>
          ) : (
            <Trans>
              Now <Energy wh={current} />. Another one holds from the next slot on.
            </Trans>
          )
        }
        typed={ration}
      />
      {ration.value === undefined && <Incomplete />}
      <CallButton
        look="secondary"
        label={<Trans>Set the ration</Trans>}
        title={t`Set the island ration of ${microgrid.name}`}
        call={() =>
          ration.value === undefined
            ? undefined
            : callOf(microgrids, "setRation", [microgrid.microgrid, Number(ration.value)])
        }
      />
    </section>
  );
}

/** Slots that the operator could not declare in time, since it was cut off itself. */
function PastIsland({ microgrid, slot }: InSlot) {
  const { t } = useLingui();
  const { microgrids } = contractsOf(useNetwork());
  const { slotSeconds, reportingDeadlineSeconds } = microgrid;
  const count = Math.floor(reportingDeadlineSeconds / slotSeconds);
  const slots = Array.from({ length: count }, (_, index) => slot - 1 - index);
  const [last, setLast] = useState(slot - 1);
  const [first, setFirst] = useState(slot - 1);
  const option = (each: number) => (
    <option key={each} value={each}>
      {formatMoment(slotStart(each, slotSeconds))}
    </option>
  );
  return (
    <section className="flex flex-col gap-3">
      <p className="text-sm text-muted">
        <Trans>
          Were you cut off yourself? Past slots can be declared islanded within the reporting
          deadline. That puts deadlines off and binds orders under a lock; trades made stand.
        </Trans>
      </p>
      <div className="grid grid-cols-2 gap-3">
        <Field label={<Trans>First slot</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={first}
              onChange={({ target }) => {
                setFirst(Number(target.value));
                setLast(Math.max(last, Number(target.value)));
              }}
            >
              {slots.map(option)}
            </Select>
          )}
        </Field>
        <Field label={<Trans>Last slot</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={last}
              onChange={({ target }) => setLast(Number(target.value))}
            >
              {slots.filter((each) => each >= first).map(option)}
            </Select>
          )}
        </Field>
      </div>
      <CallButton
        look="secondary"
        label={<Trans>Declare these slots islanded</Trans>}
        title={t`Declare past slots of ${microgrid.name} islanded`}
        call={() => callOf(microgrids, "declareIslanded", [microgrid.microgrid, first, last])}
      />
    </section>
  );
}

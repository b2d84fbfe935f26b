import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { type Microgrid, slotAt, slotStart } from "@wattline/sdk";
import { useState } from "react";
import { zeroAddress } from "viem";
import {
  callOf,
  contractsOf,
  useChainTime,
  useCurrentSlot,
  useNetwork,
} from "../../chain/index.ts";
import { Person } from "../../people/index.ts";
import { Badge, Card, Field, formatMoment, Select, SkeletonLines, Tabs } from "../../ui/index.ts";
import { NamesForm } from "../names/NamesForm.tsx";
import { CallButton } from "./CallButton.tsx";
import { AddressField, Incomplete, useTypedAddress } from "./fields.tsx";
import { IslandForm } from "./IslandForm.tsx";
import { RegisterMeter } from "./RegisterMeter.tsx";
import { ScheduleFields, useTypedSchedule } from "./ScheduleFields.tsx";
import { TieLineForm } from "./TieLineForm.tsx";
import { OPERATOR_TASKS } from "./tasks.ts";
import { useWaitingProposals } from "./useWaitingProposals.ts";

const route = getRouteApi("/microgrid");

const NOTICE_DAYS = 7;
const DAY_SECONDS = 86_400;
const SPARE_SECONDS = 600;

/** The tasks of a microgrid's operator. */
export default function OperatorPanel({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { device, task = device === undefined ? "island" : "meter" } = route.useSearch();
  const navigate = route.useNavigate();
  const waiting = useWaitingProposals(microgrid.microgrid).length;
  return (
    <Card id="operator" title={<Trans>You are the operator</Trans>}>
      <p className="mb-3 max-w-3xl text-sm text-muted">
        <Trans>
          You decide on prices with notice, on islands, tie lines and who is metered; never over
          anyone's money or energy.
        </Trans>
      </p>
      <Tabs
        label={t`Operator's tasks`}
        value={task}
        onChange={(next) =>
          void navigate({
            search: (search) => ({ ...search, task: OPERATOR_TASKS.find((one) => one === next) }),
            replace: true,
            resetScroll: false,
          })
        }
        tabs={[
          {
            value: "island",
            label: t`Islands and closing`,
            content: <IslandForm microgrid={microgrid} />,
          },
          { value: "prices", label: t`Prices`, content: <SchedulesForm microgrid={microgrid} /> },
          {
            value: "meter",
            label: t`Register a meter`,
            content: <RegisterMeter microgrid={microgrid} />,
          },
          {
            value: "line",
            label:
              waiting === 0 ? (
                t`Tie lines`
              ) : (
                <span className="inline-flex items-center gap-1.5">
                  {t`Tie lines`}
                  <Badge tone="sun">
                    <Plural value={waiting} one="# proposal" other="# proposals" />
                  </Badge>
                </span>
              ),
            content: <TieLineForm microgrid={microgrid} />,
          },
          { value: "names", label: t`Names`, content: <NamesForm microgrid={microgrid} /> },
          { value: "roles", label: t`DSO and hand-over`, content: <Roles microgrid={microgrid} /> },
        ]}
      />
    </Card>
  );
}

function SchedulesForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { microgrids } = contractsOf(useNetwork());
  const slot = useCurrentSlot(microgrid);
  const time = useChainTime();
  const last = microgrid.schedules.at(-1);
  const typed = useTypedSchedule(last?.levels[0]);
  const [days, setDays] = useState(NOTICE_DAYS);
  const { schedule } = typed;
  if (slot === undefined || time === undefined || last === undefined) return <SkeletonLines />;
  const { slotSeconds } = microgrid;
  // A few minutes more than the notice, so that the transaction is in time.
  const from = slotAt(time + days * DAY_SECONDS + SPARE_SECONDS, slotSeconds) + 1;
  const firstSlot = Math.max(from, last.firstSlot + 1);
  const start = formatMoment(slotStart(firstSlot, slotSeconds));
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          Prices are announced at least {NOTICE_DAYS} days ahead and never changed afterwards, so
          that everybody who has signed knows what holds.
        </Trans>
      </p>
      <ScheduleFields typed={typed} />
      <Field
        label={<Trans>In force in</Trans>}
        hint={<Trans>From {start} on</Trans>}
        className="max-w-md"
      >
        {(control) => (
          <Select
            {...control}
            value={days}
            onChange={({ target }) => setDays(Number(target.value))}
          >
            {[7, 14, 30, 90].map((each) => (
              <option key={each} value={each}>
                {t`${each} days`}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {schedule === undefined && <Incomplete />}
      <CallButton
        label={<Trans>Announce the prices</Trans>}
        title={t`Announce prices of ${microgrid.name}`}
        call={() =>
          schedule &&
          callOf(microgrids, "schedule", [
            microgrid.microgrid,
            firstSlot,
            schedule.levelOfHour,
            schedule.levels,
          ])
        }
      />
    </div>
  );
}

function Roles({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { microgrids } = contractsOf(useNetwork());
  const dso = useTypedAddress(microgrid.dso);
  const successor = useTypedAddress();
  const { successor: offeredTo } = microgrid;
  const isOffered = offeredTo !== undefined && BigInt(offeredTo) !== 0n;
  return (
    <div className="grid gap-6 md:grid-cols-2">
      <div className="flex flex-col gap-3">
        <AddressField
          label={<Trans>Account of the DSO</Trans>}
          hint={<Trans>It earns the network fee from the next trade on.</Trans>}
          typed={dso}
        />
        <CallButton
          label={<Trans>Name the DSO</Trans>}
          title={t`Name the DSO of ${microgrid.name}`}
          call={() => dso.value && callOf(microgrids, "setDso", [microgrid.microgrid, dso.value])}
        />
      </div>
      <div className="flex flex-col gap-3">
        {isOffered ? (
          <>
            <p className="text-sm">
              <Trans>
                The role is offered to <Person address={offeredTo} />. You stay the operator until
                it is accepted there.
              </Trans>
            </p>
            <CallButton
              look="secondary"
              label={<Trans>Take the offer back</Trans>}
              title={t`Take back the hand-over of ${microgrid.name}`}
              call={() => callOf(microgrids, "handOver", [microgrid.microgrid, NOBODY])}
            />
          </>
        ) : (
          <>
            <AddressField
              label={<Trans>Successor</Trans>}
              hint={
                <Trans>
                  Hand-over takes two steps: you offer the role here, the other accepts it.
                </Trans>
              }
              typed={successor}
            />
            <CallButton
              label={<Trans>Offer the role</Trans>}
              title={t`Offer the operator's role of ${microgrid.name}`}
              call={() =>
                successor.value &&
                callOf(microgrids, "handOver", [microgrid.microgrid, successor.value])
              }
            />
          </>
        )}
      </div>
    </div>
  );
}

const NOBODY = zeroAddress;

import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { SLOT_LENGTHS_SECONDS } from "@wattline/sdk";
import { useState } from "react";
import { parseEventLogs } from "viem";
import { useConnection } from "wagmi";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import { Field, Input, Select, Sheet } from "../../ui/index.ts";
import { CallButton } from "./CallButton.tsx";
import {
  AddressField,
  AmountField,
  EnergyField,
  Incomplete,
  useTyped,
  useTypedAddress,
  useTypedAmount,
} from "./fields.tsx";
import { ScheduleFields, useTypedSchedule } from "./ScheduleFields.tsx";

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600n;

/** Parses degrees such as "52.5" or "-13.4" into tenths of a degree. */
function tenthsIn(text: string): number | undefined {
  const match = /^-?\d{1,3}(?:[.,]\d)?$/.exec(text.trim());
  return match === null ? undefined : Math.round(Number(match[0].replace(",", ".")) * 10);
}

/** From 12 hours behind UTC to 14 hours ahead, by quarters of an hour. */
const OFFSETS = Array.from({ length: 105 }, (_, index) => 15 * index - 720);

function offsetName(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const clock = `${hours}`.padStart(2, "0").concat(":", `${rest}`.padStart(2, "0"));
  return `UTC${minutes < 0 ? "−" : "+"}${clock}`;
}

/** By how much this browser's clock is ahead of UTC without summer time. */
function standardOffsetMinutes(): number {
  const year = new Date().getFullYear();
  const ahead = [0, 6].map((month) => -new Date(year, month, 1).getTimezoneOffset());
  return Math.min(...ahead);
}

/** The form that founds a microgrid. Anyone may found one, and becomes its operator. */
export default function FoundSheet({ onClose }: { onClose(): void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const network = useNetwork();
  const { microgrids } = contractsOf(network);
  const { address } = useConnection();
  const name = useTyped("", (text) => (text.trim() === "" ? undefined : text.trim()));
  const latitude = useTyped("", tenthsIn);
  const longitude = useTyped("", tenthsIn);
  const [slotSeconds, setSlotSeconds] = useState<number>(900);
  const deadline = useTypedAmount(24n, 0);
  const dso = useTypedAddress(address);
  const [utcOffsetMinutes, setUtcOffsetMinutes] = useState(standardOffsetMinutes);
  const ration = useTypedAmount(undefined, 3);
  const typed = useTypedSchedule();
  const { schedule } = typed;
  const isPlaced = latitude.value !== undefined && longitude.value !== undefined;
  const charter =
    name.value === undefined ||
    latitude.value === undefined ||
    longitude.value === undefined ||
    deadline.value === undefined
      ? undefined
      : {
          name: name.value,
          latitudeTenths: latitude.value,
          longitudeTenths: longitude.value,
          currency: network.currency.address,
          slotSeconds,
          reportingDeadline: Number(deadline.value * HOUR_SECONDS),
          utcOffsetMinutes,
        };
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={<Trans>Found a microgrid</Trans>}
      description={
        <Trans>
          You become its operator. Currency, slot length, clock, place and reporting deadline can't
          be changed later, because signed orders depend on them.
        </Trans>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={<Trans>Name</Trans>}>
          {(control) => (
            <Input
              {...control}
              maxLength={64}
              value={name.text}
              onChange={({ target }) => name.set(target.value)}
            />
          )}
        </Field>
        <div className="grid grid-cols-2 gap-3">
          {(
            [
              [<Trans key="latitude">Latitude</Trans>, latitude],
              [<Trans key="longitude">Longitude</Trans>, longitude],
            ] as const
          ).map(([label, each], index) => (
            <Field
              // biome-ignore lint/suspicious/noArrayIndexKey: there are always two.
              key={index}
              label={label}
              error={
                each.text !== "" && each.value === undefined
                  ? t`Degrees with one decimal, such as 52.5.`
                  : undefined
              }
            >
              {(control) => (
                <Input
                  {...control}
                  unit="°"
                  value={each.text}
                  onChange={({ target }) => each.set(target.value)}
                />
              )}
            </Field>
          ))}
        </div>
        {!isPlaced && (
          <p className="-mt-2 text-sm text-muted">
            <Trans>A tenth of a degree is enough to check what the sun can have done there.</Trans>
          </p>
        )}
        <Field label={<Trans>Length of a delivery slot</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={slotSeconds}
              onChange={({ target }) => setSlotSeconds(Number(target.value))}
            >
              {SLOT_LENGTHS_SECONDS.map((each) => (
                <option key={each} value={each}>
                  {t`${each / MINUTE_SECONDS} minutes`}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field
          label={<Trans>The community's clock</Trans>}
          hint={<Trans>Without summer time: prices by hour go by it</Trans>}
        >
          {(control) => (
            <Select
              {...control}
              value={utcOffsetMinutes}
              onChange={({ target }) => setUtcOffsetMinutes(Number(target.value))}
            >
              {OFFSETS.map((each) => (
                <option key={each} value={each}>
                  {offsetName(each)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <AmountField
          label={<Trans>Reporting deadline</Trans>}
          hint={
            <Trans>
              How long after a slot's end its missing reading can be called undelivered: 1 to 720
              hours
            </Trans>
          }
          unit="h"
          typed={deadline}
        />
        <AddressField
          label={<Trans>Account of the DSO</Trans>}
          hint={<Trans>It earns the network fee</Trans>}
          typed={dso}
        />
        <ScheduleFields typed={typed} />
        <EnergyField
          label={<Trans>Island ration per slot</Trans>}
          hint={<Trans>What an ordinary meter may buy of an islanded slot</Trans>}
          typed={ration}
        />
        {(charter === undefined ||
          schedule === undefined ||
          ration.value === undefined ||
          dso.value === undefined) && <Incomplete />}
        <CallButton
          label={<Trans>Found the microgrid</Trans>}
          title={t`Found a microgrid`}
          call={() =>
            charter && schedule && dso.value && ration.value !== undefined
              ? callOf(microgrids, "found", [
                  charter,
                  schedule.levelOfHour,
                  schedule.levels,
                  dso.value,
                  Number(ration.value),
                ])
              : undefined
          }
          onDone={(receipts) => {
            const logs = receipts.flatMap((receipt) => receipt.logs);
            const [founded] = parseEventLogs({ abi: microgrids.abi, eventName: "Founded", logs });
            onClose();
            // Its page begins with what there is to do next.
            if (founded) {
              void navigate({ to: "/microgrid", search: { microgrid: founded.args.microgrid } });
            }
          }}
        />
      </div>
    </Sheet>
  );
}

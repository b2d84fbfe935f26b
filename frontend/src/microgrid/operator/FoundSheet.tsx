import { Trans, useLingui } from "@lingui/react/macro";
import { SLOT_LENGTHS_SECONDS } from "@wattline/sdk";
import { useState } from "react";
import { useConnection } from "wagmi";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import { Field, Input, Select, Sheet } from "../../ui/index.ts";
import { Act } from "./Act.tsx";
import {
  AddressField,
  AmountField,
  Incomplete,
  useTyped,
  useTypedAddress,
  useTypedAmount,
} from "./fields.tsx";
import { TariffFields, useTypedTariffs } from "./TariffFields.tsx";

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600n;

/** Degrees as tenths: "52.5", "-13.4". */
function tenthsIn(text: string): number | undefined {
  const match = /^-?\d{1,3}(?:[.,]\d)?$/.exec(text.trim());
  return match === null ? undefined : Math.round(Number(match[0].replace(",", ".")) * 10);
}

/** Founds a microgrid: anyone may, and becomes its operator. */
export default function FoundSheet({ onClose }: { onClose(): void }) {
  const { t } = useLingui();
  const network = useNetwork();
  const { meters } = contractsOf(network);
  const { address } = useConnection();
  const name = useTyped("", (text) => (text.trim() === "" ? undefined : text.trim()));
  const latitude = useTyped("", tenthsIn);
  const longitude = useTyped("", tenthsIn);
  const [slotSeconds, setSlotSeconds] = useState<number>(900);
  const deadline = useTypedAmount(24n, 0);
  const dso = useTypedAddress(address);
  const typed = useTypedTariffs();
  const { tariffs } = typed;
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
        };
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={<Trans>Found a microgrid</Trans>}
      description={
        <Trans>
          You become its operator. Currency, slot length, place and reporting deadline stay as they
          are for good, because signed orders rest on them.
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
              // biome-ignore lint/suspicious/noArrayIndexKey: there are always these two.
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
        <AmountField
          label={<Trans>Reporting deadline</Trans>}
          hint={<Trans>So long after its end a slot's reading still counts for forwards</Trans>}
          unit="h"
          typed={deadline}
        />
        <AddressField
          label={<Trans>Account of the DSO</Trans>}
          hint={<Trans>It earns the network fee</Trans>}
          typed={dso}
        />
        <TariffFields typed={typed} />
        {(charter === undefined || tariffs === undefined || dso.value === undefined) && (
          <Incomplete />
        )}
        <Act
          label={<Trans>Found it</Trans>}
          title={t`Found a microgrid`}
          call={() =>
            charter && tariffs && dso.value
              ? callOf(meters, "found", [charter, tariffs, dso.value])
              : undefined
          }
          onDone={onClose}
        />
      </div>
    </Sheet>
  );
}

import { Trans, useLingui } from "@lingui/react/macro";
import { SLOT_LENGTHS_SECONDS } from "@wattline/sdk";
import { useState } from "react";
import { useConnection } from "wagmi";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import { Field, Input, Select, Sheet } from "../../ui/index.ts";
import { CallButton } from "./CallButton.tsx";
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

/** Parses degrees such as "52.5" or "-13.4" into tenths of a degree. */
function tenthsIn(text: string): number | undefined {
  const match = /^-?\d{1,3}(?:[.,]\d)?$/.exec(text.trim());
  return match === null ? undefined : Math.round(Number(match[0].replace(",", ".")) * 10);
}

/** The form that founds a microgrid. Anyone may found one, and becomes its operator. */
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
          You become its operator. Currency, slot length, place and reporting deadline can't be
          changed later, because signed orders depend on them.
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
        <AmountField
          label={<Trans>Reporting deadline</Trans>}
          hint={<Trans>How long after a slot's end its reading still counts for forwards</Trans>}
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
        <CallButton
          label={<Trans>Found the microgrid</Trans>}
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

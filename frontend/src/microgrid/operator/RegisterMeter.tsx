import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import {
  type Microgrid,
  metersDomain,
  REGISTRATION_TYPES,
  type Registration,
  SOURCES,
  type Source,
  sourceIndex,
} from "@wattline/sdk";
import { useState } from "react";
import { type Address, type Hex, isHex } from "viem";
import { callOf, contractsOf, type Network, useNetwork } from "../../chain/index.ts";
import { Button, Field, Notice, Select, useSourceNames } from "../../ui/index.ts";
import { CallButton } from "./CallButton.tsx";
import {
  AddressField,
  AmountField,
  Incomplete,
  useTyped,
  useTypedAddress,
  useTypedAmount,
} from "./fields.tsx";

const route = getRouteApi("/microgrid");

/** A signature of 64 or 65 bytes, or of 128 by the P-256 key of a secure element. */
const signatureIn = (text: string): Hex | undefined => {
  const trimmed = text.trim();
  return isHex(trimmed) && [130, 132, 258].includes(trimmed.length) ? trimmed : undefined;
};

/** The form that registers a device for a household, with the device's signed consent. */
export function RegisterMeter({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const network = useNetwork();
  const { meters } = contractsOf(network);
  const brought = route.useSearch();
  const owner = useTypedAddress(brought.owner);
  const device = useTypedAddress(brought.device);
  const kilowatts = useTypedAmount(BigInt(brought.capacity ?? 0), 3);
  const consent = useTyped(brought.consent ?? "", signatureIn);
  const sourceNames = useSourceNames();
  const [source, setSource] = useState<Source>(brought.source ?? "Solar");
  const [critical, setCritical] = useState(false);
  const [deviceKey, setDeviceKey] = useState<Hex>();

  const generate = async (household: Address, capacityW: number) => {
    const terms = { microgrid: microgrid.microgrid, owner: household, source: sourceIndex(source) };
    const made = await demoDevice(network, { ...terms, capacityW });
    device.set(made.address);
    consent.set(made.consent);
    setDeviceKey(made.key);
  };
  const isComplete =
    owner.value !== undefined &&
    device.value !== undefined &&
    consent.value !== undefined &&
    kilowatts.value !== undefined;
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          A meter is known by the key inside the device. So that nobody registers a device that
          isn't theirs, the device signs its consent: to the microgrid, the household's account, the
          source and the most that it can export. The home agent prints it.
        </Trans>
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <AddressField label={<Trans>Household's account</Trans>} typed={owner} />
        <AddressField label={<Trans>Address of the device</Trans>} typed={device} />
        <Field label={<Trans>Source of what it exports</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={source}
              onChange={({ target }) =>
                setSource(SOURCES.find((each) => each === target.value) ?? source)
              }
            >
              {SOURCES.map((each) => (
                <option key={each} value={each}>
                  {sourceNames[each]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <AmountField
          label={<Trans>Most it can export</Trans>}
          hint={<Trans>0 for a home that only consumes</Trans>}
          unit="kW"
          typed={kilowatts}
        />
      </div>
      <label className="flex items-center gap-2 text-sm font-medium">
        <input
          type="checkbox"
          className="size-5 accent-(--leaf)"
          checked={critical}
          onChange={({ target }) => setCritical(target.checked)}
        />
        <Trans>It feeds a critical load, which has no ration while islanded</Trans>
      </label>
      <Field
        label={<Trans>The device's signature</Trans>}
        error={
          consent.text.trim() !== "" && consent.value === undefined
            ? t`A signature is 0x and 128, 130 or 256 hexadecimal digits.`
            : undefined
        }
      >
        {(control) => (
          <textarea
            {...control}
            rows={3}
            spellCheck={false}
            value={consent.text}
            onChange={({ target }) => consent.set(target.value)}
            className="w-full rounded-xl border border-control bg-surface p-3 font-mono text-sm break-all"
          />
        )}
      </Field>
      {network.demo && (
        <Notice
          action={
            <Button
              size="small"
              disabled={owner.value === undefined || kilowatts.value === undefined}
              onClick={() => {
                if (owner.value === undefined || kilowatts.value === undefined) return;
                void generate(owner.value, Number(kilowatts.value));
              }}
            >
              <Trans>Create a demo device</Trans>
            </Button>
          }
        >
          {deviceKey === undefined ? (
            <Trans>
              On this demo chain you can create a demo device for the household: this browser makes
              a key and signs with it.
            </Trans>
          ) : (
            <Trans>
              The demo device's key, for its readings:{" "}
              <code className="font-mono text-xs break-all">{deviceKey}</code>
            </Trans>
          )}
        </Notice>
      )}
      {!isComplete && <Incomplete />}
      <CallButton
        label={<Trans>Register the meter</Trans>}
        title={t`Register a meter in ${microgrid.name}`}
        call={() =>
          owner.value && device.value && consent.value && kilowatts.value !== undefined
            ? callOf(meters, "register", [
                {
                  microgrid: microgrid.microgrid,
                  owner: owner.value,
                  meter: device.value,
                  source: sourceIndex(source),
                  capacityW: Number(kilowatts.value),
                  critical,
                },
                consent.value,
              ])
            : undefined
        }
      />
    </div>
  );
}

/** A new device key and its consent, for the demo chain, where there are no devices. */
async function demoDevice({ deployment }: Network, terms: Omit<Registration, "meter">) {
  const { generatePrivateKey, privateKeyToAccount } = await import("viem/accounts");
  const key = generatePrivateKey();
  const account = privateKeyToAccount(key);
  const consent = await account.signTypedData({
    domain: metersDomain(deployment.chainId, deployment.meters),
    types: REGISTRATION_TYPES,
    primaryType: "Registration",
    message: { ...terms, meter: account.address },
  });
  return { key, address: account.address, consent };
}

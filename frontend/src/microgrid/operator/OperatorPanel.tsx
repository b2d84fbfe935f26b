import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { MODES, type Mode, modeIndex } from "@wattline/sdk";
import { useState } from "react";
import { zeroAddress } from "viem";
import { callOf, contractsOf, type Microgrid, modeOf, useNetwork } from "../../chain/index.ts";
import { AddressText, Card, Field, Select, Tabs } from "../../ui/index.ts";
import { useModeNames } from "../state/modeNames.ts";
import { CallButton } from "./CallButton.tsx";
import { AddressField, Incomplete, useTypedAddress } from "./fields.tsx";
import { RegisterMeter } from "./RegisterMeter.tsx";
import { TariffFields, useTypedTariffs } from "./TariffFields.tsx";
import { TieLineForm } from "./TieLineForm.tsx";

const route = getRouteApi("/microgrid");

/** The tasks of a microgrid's operator. */
export default function OperatorPanel({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { device } = route.useSearch();
  const [tab, setTab] = useState(device === undefined ? "mode" : "meter");
  return (
    <Card title={<Trans>You are the operator</Trans>}>
      <p className="mb-3 max-w-3xl text-sm text-muted">
        <Trans>
          You decide on tariffs, mode, tie lines and who is metered; never over anyone's money or
          energy.
        </Trans>
      </p>
      <Tabs
        label={t`Operator's tasks`}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: "mode", label: t`Mode`, content: <ModeForm microgrid={microgrid} /> },
          { value: "tariffs", label: t`Tariffs`, content: <TariffsForm microgrid={microgrid} /> },
          {
            value: "meter",
            label: t`Register a meter`,
            content: <RegisterMeter microgrid={microgrid} />,
          },
          { value: "line", label: t`Tie lines`, content: <TieLineForm microgrid={microgrid} /> },
          { value: "roles", label: t`DSO and hand-over`, content: <Roles microgrid={microgrid} /> },
        ]}
      />
    </Card>
  );
}

function ModeForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { meters } = contractsOf(useNetwork());
  const names = useModeNames();
  const [mode, setMode] = useState<Mode>(modeOf(microgrid));
  const explained = {
    Connected: t`Trades freely, within itself and over tie lines.`,
    Islanded: t`Disconnected from the grid: trades only within itself, under the price cap and the ration; critical loads come first.`,
    Closed: t`No new trades. Withdrawals and releases go on.`,
  }[mode];
  const name = names[mode];
  return (
    <div className="flex flex-col gap-3">
      <Field label={<Trans>Mode</Trans>} hint={explained} className="max-w-md">
        {(control) => (
          <Select
            {...control}
            value={mode}
            onChange={({ target }) => setMode(MODES.find((each) => each === target.value) ?? mode)}
          >
            {MODES.map((each) => (
              <option key={each} value={each}>
                {names[each]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <CallButton
        label={<Trans>Declare it</Trans>}
        title={t`Declare ${microgrid.charter.name} ${name}`}
        call={() => callOf(meters, "setMode", [microgrid.id, modeIndex(mode)])}
      />
    </div>
  );
}

function TariffsForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { meters } = contractsOf(useNetwork());
  const typed = useTypedTariffs(microgrid.tariffs);
  const { tariffs } = typed;
  return (
    <div className="flex flex-col gap-4">
      <TariffFields typed={typed} />
      {tariffs === undefined && <Incomplete />}
      <CallButton
        label={<Trans>Publish the tariffs</Trans>}
        title={t`Publish the tariffs of ${microgrid.charter.name}`}
        call={() => tariffs && callOf(meters, "setTariffs", [microgrid.id, tariffs])}
      />
    </div>
  );
}

function Roles({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { meters } = contractsOf(useNetwork());
  const dso = useTypedAddress(microgrid.dso);
  const successor = useTypedAddress();
  const isOffered = BigInt(microgrid.pendingOperator) !== 0n;
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
          title={t`Name the DSO of ${microgrid.charter.name}`}
          call={() => dso.value && callOf(meters, "setDso", [microgrid.id, dso.value])}
        />
      </div>
      <div className="flex flex-col gap-3">
        {isOffered ? (
          <>
            <p className="text-sm">
              <Trans>
                The role is offered to <AddressText address={microgrid.pendingOperator} />. You stay
                the operator until it is accepted there.
              </Trans>
            </p>
            <CallButton
              look="secondary"
              label={<Trans>Take the offer back</Trans>}
              title={t`Take back the hand-over of ${microgrid.charter.name}`}
              call={() => callOf(meters, "handOver", [microgrid.id, NOBODY])}
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
              title={t`Offer the operator's role of ${microgrid.charter.name}`}
              call={() =>
                successor.value && callOf(meters, "handOver", [microgrid.id, successor.value])
              }
            />
          </>
        )}
      </div>
    </div>
  );
}

const NOBODY = zeroAddress;

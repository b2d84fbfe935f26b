import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { readContract } from "viem/actions";
import {
  callOf,
  contractsOf,
  type Microgrid,
  useChainQuery,
  useMicrogrids,
  useNetwork,
} from "../../chain/index.ts";
import { Energy, Field, Notice, Price, Select } from "../../ui/index.ts";
import { formatLoss } from "../tieLines/format.ts";
import type { Proposal } from "../tieLines/readTieLines.ts";
import { useTieLines } from "../tieLines/useTieLines.ts";
import { CallButton } from "./CallButton.tsx";
import {
  AmountField,
  EnergyField,
  Incomplete,
  PriceField,
  useTypedAmount,
  useTypedPrice,
} from "./fields.tsx";

const DAY_SECONDS = 86_400;

/** The form that proposes a tie line, and agrees to the proposals of other operators. */
export function TieLineForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { data: microgrids = [] } = useMicrogrids();
  const { data } = useTieLines();
  const others = microgrids.filter(({ id }) => id !== microgrid.id);
  const open = data?.proposals.filter(({ lower, higher }) =>
    [lower, higher].includes(microgrid.id),
  );
  const notice = useChainQuery(["notice"], ({ client, contracts: { meters } }) =>
    readContract(client, { ...meters, functionName: "NOTICE" }),
  );
  const days = notice.data === undefined ? 7 : notice.data / DAY_SECONDS;
  return (
    <div className="flex flex-col gap-5">
      {open?.map((proposal) => (
        <Proposed
          key={`${proposal.lower} ${proposal.higher}`}
          {...{ proposal, microgrid, microgrids }}
        />
      ))}
      {others.length === 0 ? (
        <p className="text-sm text-muted">
          <Trans>There is no other microgrid to join yet.</Trans>
        </p>
      ) : (
        <Propose {...{ microgrid, others, days }} />
      )}
    </div>
  );
}

function Proposed({
  proposal,
  microgrid,
  microgrids,
}: {
  readonly proposal: Proposal;
  readonly microgrid: Microgrid;
  readonly microgrids: readonly Microgrid[];
}) {
  const { t } = useLingui();
  const { meters } = contractsOf(useNetwork());
  const { lower, higher, by, lossBps, capacityWh, wheelingUp, wheelingDown } = proposal;
  const otherId = lower === microgrid.id ? higher : lower;
  const name = microgrids.find(({ id }) => id === otherId)?.charter.name ?? `${otherId}`;
  const isMine = by === microgrid.id;
  const terms = (
    <Trans>
      loses {formatLoss(lossBps)}, carries <Energy wh={capacityWh} /> per slot, charges{" "}
      <Price perKwh={wheelingUp} /> one way and <Price perKwh={wheelingDown} /> the other
    </Trans>
  );
  return (
    <Notice>
      <p className="mb-2">
        {isMine ? (
          <Trans>You have proposed a tie line to {name}:</Trans>
        ) : (
          <Trans>{name} proposes a tie line:</Trans>
        )}{" "}
        {terms}.
      </p>
      {!isMine && (
        <CallButton
          label={<Trans>Agree</Trans>}
          title={t`Agree to the tie line with ${name}`}
          call={() =>
            callOf(meters, "proposeTieLine", [
              microgrid.id,
              otherId,
              { lossBps, capacity: Number(capacityWh), wheelingUp, wheelingDown },
            ])
          }
        />
      )}
    </Notice>
  );
}

function Propose({
  microgrid,
  others,
  days,
}: {
  readonly microgrid: Microgrid;
  readonly others: readonly Microgrid[];
  readonly days: number;
}) {
  const { t } = useLingui();
  const { meters } = contractsOf(useNetwork());
  const [other, setOther] = useState(others[0]?.id ?? 0);
  const loss = useTypedAmount(300n, 2);
  const capacity = useTypedAmount(2_500n, 3);
  const outwards = useTypedPrice(undefined);
  const inwards = useTypedPrice(undefined);
  const isUp = microgrid.id < other;
  const line =
    loss.value === undefined ||
    capacity.value === undefined ||
    outwards.value === undefined ||
    inwards.value === undefined
      ? undefined
      : {
          lossBps: Number(loss.value),
          capacity: Number(capacity.value),
          wheelingUp: isUp ? outwards.value : inwards.value,
          wheelingDown: isUp ? inwards.value : outwards.value,
        };
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          You propose terms, the other operator agrees to just these. A first agreement holds at
          once, a change after {days} days' notice. A capacity of 0 closes the line.
        </Trans>
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={<Trans>To</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={other}
              onChange={({ target }) => setOther(Number(target.value))}
            >
              {others.map(({ id, charter }) => (
                <option key={id} value={id}>
                  {charter.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <AmountField label={<Trans>Lost on the way</Trans>} unit="%" typed={loss} />
        <EnergyField label={<Trans>Carries per slot, each way</Trans>} typed={capacity} />
        <PriceField label={<Trans>Wheeling charge outwards</Trans>} typed={outwards} />
        <PriceField label={<Trans>Wheeling charge inwards</Trans>} typed={inwards} />
      </div>
      {line === undefined && <Incomplete />}
      <CallButton
        label={<Trans>Propose it</Trans>}
        title={t`Propose a tie line`}
        call={() => line && callOf(meters, "proposeTieLine", [microgrid.id, other, line])}
      />
    </div>
  );
}

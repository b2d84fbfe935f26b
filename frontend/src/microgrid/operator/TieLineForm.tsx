import { Trans, useLingui } from "@lingui/react/macro";
import { crossingOf, type Microgrid, type TieLine, type TieLineProposal } from "@wattline/sdk";
import { useState } from "react";
import { readContract } from "viem/actions";
import {
  callOf,
  contractsOf,
  useChainQuery,
  useChainTime,
  useMicrogrids,
  useNetwork,
  useProposals,
  useTieLines,
} from "../../chain/index.ts";
import { Energy, Field, Notice, Price, Select } from "../../ui/index.ts";
import { formatLoss } from "../tieLines/format.ts";
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
  const { data: proposals } = useProposals();
  const { data: lines } = useTieLines();
  const time = useChainTime() ?? 0;
  const others = microgrids.filter((each) => each.microgrid !== microgrid.microgrid);
  const isMine = ({ lower, higher }: { readonly lower: number; readonly higher: number }) =>
    [lower, higher].includes(microgrid.microgrid);
  const open = proposals?.filter(isMine);
  // A line whose end is announced can't be ended again.
  const ending = lines?.filter(
    (line) => isMine(line) && (line.next ?? crossingOf(line, line.lower, time)).capacityWh > 0n,
  );
  const notice = useChainQuery(["notice"], ({ client, contracts }) =>
    readContract(client, { ...contracts.microgrids, functionName: "NOTICE" }),
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
      {ending?.map((line) => (
        <End key={`${line.lower} ${line.higher}`} {...{ line, microgrid, microgrids, days }} />
      ))}
    </div>
  );
}

function Proposed({
  proposal,
  microgrid,
  microgrids,
}: {
  readonly proposal: TieLineProposal;
  readonly microgrid: Microgrid;
  readonly microgrids: readonly Microgrid[];
}) {
  const { t } = useLingui();
  const contracts = contractsOf(useNetwork());
  const { lower, higher, by, lossBps, capacityWh, wheelingUpPerKwh, wheelingDownPerKwh } = proposal;
  const other = lower === microgrid.microgrid ? higher : lower;
  const name = nameOf(microgrids, other);
  const isMine = by === microgrid.microgrid;
  const terms = (
    <Trans>
      loses {formatLoss(lossBps)}, carries <Energy wh={capacityWh} /> per slot, charges{" "}
      <Price perKwh={wheelingUpPerKwh} /> one way and <Price perKwh={wheelingDownPerKwh} /> the
      other
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
            callOf(contracts.microgrids, "proposeTieLine", [
              microgrid.microgrid,
              other,
              {
                lossBps: Number(lossBps),
                capacity: Number(capacityWh),
                wheelingUp: wheelingUpPerKwh,
                wheelingDown: wheelingDownPerKwh,
              },
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
  const contracts = contractsOf(useNetwork());
  const [other, setOther] = useState(others[0]?.microgrid ?? 0);
  const loss = useTypedAmount(300n, 2);
  const capacity = useTypedAmount(2_500n, 3);
  const outwards = useTypedPrice(undefined);
  const inwards = useTypedPrice(undefined);
  const isUp = microgrid.microgrid < other;
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
          once, a change after {days} days' notice.
        </Trans>
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={<Trans context="a microgrid">To</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={other}
              onChange={({ target }) => setOther(Number(target.value))}
            >
              {others.map(({ microgrid: number, name }) => (
                <option key={number} value={number}>
                  {name}
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
        call={() =>
          line && callOf(contracts.microgrids, "proposeTieLine", [microgrid.microgrid, other, line])
        }
      />
    </div>
  );
}

/** Either operator may end a line alone. */
function End({
  line: { lower, higher },
  microgrid,
  microgrids,
  days,
}: {
  readonly line: TieLine;
  readonly microgrid: Microgrid;
  readonly microgrids: readonly Microgrid[];
  readonly days: number;
}) {
  const { t } = useLingui();
  const contracts = contractsOf(useNetwork());
  const other = lower === microgrid.microgrid ? higher : lower;
  const name = nameOf(microgrids, other);
  return (
    <div className="flex flex-col gap-2">
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          You may end the line to {name} alone. It then carries nothing after {days} days.
        </Trans>
      </p>
      <CallButton
        look="secondary"
        label={<Trans>End the line</Trans>}
        title={t`End the tie line to ${name}`}
        call={() => callOf(contracts.microgrids, "endTieLine", [microgrid.microgrid, other])}
      />
    </div>
  );
}

const nameOf = (microgrids: readonly Microgrid[], number: number): string =>
  microgrids.find(({ microgrid }) => microgrid === number)?.name ?? `${number}`;

import { Trans, useLingui } from "@lingui/react/macro";
import { localDayOf, slotsOfDay, sourceIndex } from "@wattline/sdk";
import { Download, Leaf } from "lucide-react";
import { useState } from "react";
import type { Address } from "viem";
import { useMicrogrid } from "../../app/index.ts";
import { localZone, saveAs } from "../../browser/index.ts";
import { callOf, contractsOf, useChainTime, useNetwork } from "../../chain/index.ts";
import { ownUseIn, useOwnUse } from "../../data/index.ts";
import { Button, Card, Field, FileDrop, formatEnergy, Input, Notice } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { heldBySlot } from "../balances/retire.ts";
import { useHoldings } from "../history/holdings.ts";
import { daysOfMonth } from "../periods.ts";
import { DeliverySheet } from "./DeliverySheet.tsx";
import { profilesOf, within } from "./retire.ts";
import { Failed, Running } from "./states.tsx";
import { useDeliveryJob } from "./useDeliveryJob.ts";
import type { CheckedDelivery } from "./worker/messages.ts";

/** Makes the household's statement of a period from what its agent exports, and retires what is missing. */
export function MakeCard({ household }: { readonly household: Address }) {
  const { t } = useLingui();
  const { microgrid: place } = useMicrogrid();
  const time = useChainTime();
  const { state, start, stop } = useDeliveryJob(useNetwork());
  const { take } = useOwnUse();
  const [file, setFile] = useState<File>();
  const [days, setDays] = useState<readonly [first: string, last: string]>();
  const month = time === undefined ? "" : localDayOf(time, localZone()).slice(0, 7);
  const ofMonth = month === "" ? [] : daysOfMonth(month);
  const [first, last] = days ?? [ofMonth[0] ?? "", ofMonth.at(-1) ?? ""];
  const isPeriod = first !== "" && last !== "" && first <= last;

  function make(from = file): void {
    if (from === undefined || place === undefined || !isPeriod) return;
    const { microgrid, slotSeconds } = place;
    const { firstSlot } = slotsOfDay(first, localZone(), slotSeconds);
    const { lastSlot } = slotsOfDay(last, localZone(), slotSeconds);
    const request = { household, microgrid, firstSlot, lastSlot };
    void start({ kind: "build", file: from, request });
  }

  /** The market can spread a need by it. */
  async function learn(from: File | undefined): Promise<void> {
    const own = from && (await ownUseIn(from));
    if (own !== undefined) take(own);
  }

  return (
    <>
      <Card title={<Trans>Make your own</Trans>} className="print:hidden">
        <div className="flex flex-col gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label={<Trans>First day</Trans>}
              error={isPeriod ? undefined : t`The period ends before it begins.`}
            >
              {(control) => (
                <Input
                  {...control}
                  type="date"
                  value={first}
                  onChange={({ target }) => setDays([target.value, last])}
                />
              )}
            </Field>
            <Field label={<Trans>Last day</Trans>}>
              {(control) => (
                <Input
                  {...control}
                  type="date"
                  value={last}
                  onChange={({ target }) => setDays([first, target.value])}
                />
              )}
            </Field>
          </div>
          <FileDrop
            label={file?.name ?? t`Your home agent's export`}
            onFiles={([chosen]) => {
              setFile(chosen);
              make(chosen);
              void learn(chosen);
            }}
          >
            <Trans>
              The JSON file that the agent's command "export" writes: your import, signed by your
              meter. It is sent nowhere. The market can spread what you buy by it.
            </Trans>
          </FileDrop>
          {file && state.state !== "running" && (
            <Button
              look="primary"
              className="self-start"
              disabled={place === undefined || !isPeriod}
              onClick={() => make()}
            >
              <Trans>Make the statement</Trans>
            </Button>
          )}
          {state.state === "running" && <Running progress={state.progress} onStop={stop} />}
          {state.state === "failed" && <Failed error={state.error} />}
          {state.state === "done" && (
            <Made checked={state.checked} household={household} onRetired={() => make()} />
          )}
        </div>
      </Card>
      {state.state === "done" && <DeliverySheet checked={state.checked} />}
    </>
  );
}

/** What is still to be retired before all counts that could, and the file. */
function Made({
  checked,
  household,
  onRetired,
}: {
  readonly checked: CheckedDelivery;
  readonly household: Address;
  onRetired(): void;
}) {
  const { t } = useLingui();
  const { energy } = contractsOf(useNetwork());
  const { transact, busy } = useTransact();
  const { data: holdings } = useHoldings(household);
  const { made, statement, findings } = checked;
  const { microgrid, id } = statement;
  const { due = [], json = "" } = made ?? {};
  const dueWh = sumOf(due.map(({ energyWh }) => energyWh));
  const open = due.map((one) => {
    const heldWh = heldBySlot(holdings ?? [], microgrid, one.source);
    return { ...one, energyWh: within(one.energyWh, heldWh) };
  });
  const openWh = sumOf(open.map(({ energyWh }) => energyWh));
  const [amount, missing] = [formatEnergy(openWh), formatEnergy(dueWh - openWh)];

  async function retire(): Promise<void> {
    const outcome = await transact({
      title: t`Retire ${amount}`,
      calls: open.flatMap(({ source, energyWh, purpose }) =>
        profilesOf(energyWh).map(({ firstBlock, words }) =>
          callOf(energy, "retire", [
            microgrid,
            sourceIndex(source),
            firstBlock,
            words,
            household,
            purpose,
          ]),
        ),
      ),
    });
    if (outcome.status === "done") onRetired();
  }

  return (
    <div className="flex flex-col gap-3">
      {openWh > 0n && (
        <Notice
          tone="warning"
          action={
            <Button look="primary" busy={busy} onClick={() => void retire()}>
              <Leaf aria-hidden="true" className="size-4" />
              <Trans>Retire {amount} for it</Trans>
            </Button>
          }
        >
          <Trans>
            {amount} more were bought and used. They count once they are retired for this statement,
            and can't be sold any more then.
          </Trans>
        </Notice>
      )}
      {holdings !== undefined && dueWh > openWh && (
        <Notice>
          <Trans>
            {missing} that were bought and used are not yours any more: you sold them or retired
            them for something else.
          </Trans>
        </Notice>
      )}
      {findings.length === 0 && (
        <Button
          className="self-start"
          onClick={() => saveAs(`wattline-delivery-${id.slice(2, 10)}`, "json", json)}
        >
          <Download aria-hidden="true" className="size-4" />
          <Trans>Save the statement (JSON)</Trans>
        </Button>
      )}
    </div>
  );
}

const sumOf = (energies: readonly ReadonlyMap<number, bigint>[]): bigint =>
  energies.flatMap((energyWh) => [...energyWh.values()]).reduce((sum, wh) => sum + wh, 0n);

import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import {
  type Microgrid,
  type SlotRange,
  SOURCES,
  type Source,
  slotsOfDay,
  slotsOfWindow,
  sourceIndex,
} from "@wattline/sdk";
import { type FormEvent, useMemo, useState } from "react";
import { type Address, getAddress, isAddress, parseEventLogs } from "viem";
import { localZone } from "../../browser/index.ts";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import {
  amountFault,
  Button,
  Energy,
  Field,
  formatCount,
  formatEnergy,
  HexInput,
  Input,
  Notice,
  parseAmount,
  Select,
  Sheet,
  useSourceNames,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import type { Holding } from "../history/holdings.ts";
import { heldBySlot, heldWithin, takeFrom } from "./retire.ts";

const KWH_DECIMALS = 3;
const MOST_PURPOSE = 200;

/** The form that retires energy of a period, and then opens its certificate. */
export default function RetireSheet({
  holder,
  microgrid,
  holdings,
  day,
  onClose,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid;
  readonly holdings: readonly Holding[];
  /** The shown day, which is the period at first. */
  readonly day: string;
  onClose(): void;
}) {
  const { t } = useLingui();
  const sourceNames = useSourceNames();
  const navigate = useNavigate();
  const network = useNetwork();
  const { transact, busy } = useTransact();
  const sources = SOURCES.filter((one) => heldBySlot(holdings, microgrid.microgrid, one).size > 0);
  const [source, setSource] = useState<Source>(sources[0] ?? "Solar");
  const [from, setFrom] = useState({ day, time: "00:00" });
  const [to, setTo] = useState({ day, time: "24:00" });
  const [kwh, setKwh] = useState("");
  const [beneficiary, setBeneficiary] = useState("");
  const [purpose, setPurpose] = useState("");
  // What was asked about, so that another amount is asked about again.
  const [asked, setAsked] = useState<string>();

  const { slotSeconds, name } = microgrid;
  const heldWh = useMemo(
    () => heldBySlot(holdings, microgrid.microgrid, source),
    [holdings, microgrid.microgrid, source],
  );
  const period = periodOf(from, to, slotSeconds);
  const availableWh = period === undefined ? 0n : heldWithin(heldWh, period);
  const energyWh = kwh.trim() === "" ? availableWh : parseAmount(kwh, KWH_DECIMALS);
  const onBehalf = beneficiary === "" ? holder : beneficiary;
  const profile = period && energyWh !== undefined ? takeFrom(heldWh, period, energyWh) : undefined;
  const available = formatEnergy(availableWh);
  // People count letters; JavaScript counts some of them twice.
  const purposeLength = [...purpose.trim()].length;
  const [length, most] = [formatCount(purposeLength), formatCount(MOST_PURPOSE)];
  const faults = {
    period: period === undefined ? t`The period ends before it begins.` : undefined,
    kwh:
      energyWh === undefined
        ? amountFault(kwh, t`Enter an amount such as 2.5, to the Wh at most.`)
        : energyWh > availableWh
          ? t`You hold only ${available} in this period.`
          : undefined,
    beneficiary: isAddress(onBehalf, { strict: false }) ? undefined : t`This is not an address.`,
    purpose: purposeLength > MOST_PURPOSE ? t`Shorten it to ${most} characters.` : undefined,
  };
  const amount = formatEnergy(energyWh ?? 0n);
  const wish = JSON.stringify([source, from, to, kwh, beneficiary, purpose]);
  const isAsked = asked === wish;
  const isReady =
    profile !== undefined && faults.beneficiary === undefined && faults.purpose === undefined;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!isReady || profile === undefined || !isAddress(onBehalf, { strict: false })) return;
    if (!isAsked) {
      setAsked(wish);
      return;
    }
    const { energy } = contractsOf(network);
    const outcome = await transact({
      title: t`Retire ${amount}`,
      calls: [
        callOf(energy, "retire", [
          microgrid.microgrid,
          sourceIndex(source),
          profile.firstBlock,
          profile.words,
          getAddress(onBehalf),
          purpose.trim(),
        ]),
      ],
    });
    if (outcome.status !== "done") return;
    const logs = outcome.receipts.flatMap((receipt) => receipt.logs);
    const [retired] = parseEventLogs({ abi: energy.abi, eventName: "Retired", logs });
    onClose();
    if (retired !== undefined) {
      const id = `${retired.transactionHash}-${retired.logIndex}`;
      await navigate({ to: "/certificate/$id", params: { id } });
    }
  }

  return (
    <Sheet
      open
      onOpenChange={(open) => !open && onClose()}
      title={<Trans>Retire energy</Trans>}
      description={
        <Trans>
          Energy that you have used is taken out of the market for good. In return you get a
          certificate that anyone can verify.
        </Trans>
      }
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <Field label={<Trans>Source</Trans>}>
          {(control) => (
            <Select
              {...control}
              value={source}
              onChange={({ target }) =>
                setSource(sources.find((one) => one === target.value) ?? source)
              }
            >
              {sources.map((one) => (
                <option key={one} value={one}>
                  {sourceNames[one]} · {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-semibold">
            <Trans>Period in which it was used</Trans>
          </legend>
          <Moment label={t`From`} value={from} onChange={setFrom} />
          <Moment label={t`To`} value={to} onChange={setTo} />
          <p className="text-sm" role="status">
            {faults.period ? (
              <span className="font-medium text-danger">{faults.period}</span>
            ) : (
              <Trans>
                You hold <Energy wh={availableWh} className="font-semibold" /> in it.
              </Trans>
            )}
          </p>
        </fieldset>
        <Field
          label={<Trans>How much</Trans>}
          hint={
            <Trans>If empty: all of it. A smaller amount is taken from the earliest slots.</Trans>
          }
          error={faults.kwh}
        >
          {(control) => (
            <Input
              {...control}
              inputMode="decimal"
              unit="kWh"
              placeholder={available}
              value={kwh}
              onChange={({ target }) => setKwh(target.value)}
            />
          )}
        </Field>
        <Field
          label={<Trans>On whose behalf</Trans>}
          hint={<Trans>An address; if empty, your own.</Trans>}
          error={faults.beneficiary}
        >
          {(control) => (
            <HexInput
              {...control}
              placeholder={holder}
              value={beneficiary}
              onChange={({ target }) => setBeneficiary(target.value)}
            />
          )}
        </Field>
        <Field
          label={<Trans>Purpose</Trans>}
          hint={
            <>
              <Trans>
                For example the building and the period. Everyone can read it, for ever.
              </Trans>{" "}
              <span className="tabular-nums">
                <Trans>
                  {length} of {most} characters
                </Trans>
              </span>
            </>
          }
          error={faults.purpose}
        >
          {(control) => (
            <Input
              {...control}
              value={purpose}
              onChange={({ target }) => setPurpose(target.value)}
            />
          )}
        </Field>
        <Notice tone="warning">
          {isAsked && isReady ? (
            <strong>
              <Trans>
                {amount} will be gone for good, for a certificate. Is that what you want?
              </Trans>
            </strong>
          ) : (
            <Trans>Retired energy can't be sold any more by anyone.</Trans>
          )}
        </Notice>
        {isAsked && isReady ? (
          <div className="grid grid-cols-2 gap-3">
            <Button size="large" onClick={() => setAsked(undefined)}>
              <Trans>Keep it</Trans>
            </Button>
            <Button type="submit" look="danger" size="large" busy={busy}>
              <Trans>Yes, retire it</Trans>
            </Button>
          </div>
        ) : (
          <Button type="submit" look="primary" size="large" busy={busy} disabled={!isReady}>
            <Trans>Retire {amount}</Trans>
          </Button>
        )}
      </form>
    </Sheet>
  );
}

interface LocalMoment {
  readonly day: string;
  /** `HH:MM`, up to `24:00`. */
  readonly time: string;
}

function Moment({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: LocalMoment;
  onChange(value: LocalMoment): void;
}) {
  const { t } = useLingui();
  const look = "min-h-11 min-w-0 rounded-xl border border-control bg-surface px-3 text-sm";
  return (
    <div className="grid grid-cols-[3.5rem_1fr_7rem] items-center gap-2">
      <span aria-hidden="true" className="text-sm text-muted">
        {label}
      </span>
      <input
        type="date"
        aria-label={t`${label}, day`}
        className={look}
        value={value.day}
        onChange={({ target }) => target.value !== "" && onChange({ ...value, day: target.value })}
      />
      <select
        aria-label={t`${label}, time`}
        className={look}
        value={value.time}
        onChange={({ target }) => onChange({ ...value, time: target.value })}
      >
        {HOURS.map((hour) => (
          <option key={hour}>{hour}</option>
        ))}
      </select>
    </div>
  );
}

const HOURS = Array.from({ length: 25 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);

/** The slots of a period in local time; undefined when it holds none. */
function periodOf(from: LocalMoment, to: LocalMoment, slotSeconds: number): SlotRange | undefined {
  const first =
    from.time === "24:00"
      ? slotsOfDay(from.day, localZone(), slotSeconds).lastSlot + 1
      : slotsOfWindow(from.day, from.time, "24:00", localZone(), slotSeconds).firstSlot;
  const last =
    to.time === "00:00"
      ? slotsOfDay(to.day, localZone(), slotSeconds).firstSlot - 1
      : slotsOfWindow(to.day, "00:00", to.time, localZone(), slotSeconds).lastSlot;
  return first <= last ? { firstSlot: first, lastSlot: last } : undefined;
}

import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { addDays, levelFor, localDayOf, type Microgrid, slotAt } from "@wattline/sdk";
import { type FormEvent, useState } from "react";
import { type Address, formatUnits, getAddress, isAddress, isAddressEqual } from "viem";
import { localZone } from "../../browser/index.ts";
import { callOf, contractsOf, useNetwork } from "../../chain/index.ts";
import {
  Button,
  Card,
  Field,
  formatMoney,
  HexInput,
  Input,
  parseAmount,
  typedAmount,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { AmountField, amountIn } from "../money/AmountField.tsx";
import { recallAutopilot, rememberAutopilot } from "./limits.ts";

const route = getRouteApi("/autopilot");

const SECONDS_PER_DAY = 86_400;
/** How long an allowance lasts, and is for, unless something else is chosen. */
const USUAL_DAYS = 30;

/** Three sentences, the allowance, and the switch: the wallet lets the agent's key trade, then the limits go to the agent. */
export function SwitchOn({
  holder,
  microgrid,
  nowSeconds,
  isOn,
}: {
  readonly holder: Address;
  readonly microgrid: Microgrid;
  /** By the chain's clock. */
  readonly nowSeconds: number;
  readonly isOn: boolean;
}) {
  const { t } = useLingui();
  const network = useNetwork();
  const { currency, deployment } = network;
  const { decimals } = currency;
  const contracts = contractsOf(network);
  const brought = route.useSearch();
  const { transact, busy } = useTransact();
  const [before] = useState(() => recallAutopilot(deployment.chainId, holder));
  const level = levelFor(microgrid, slotAt(nowSeconds, microgrid.slotSeconds));
  const typed = (kept: string | undefined, usual: bigint | undefined): string => {
    const amount = kept === undefined ? usual : parseAmount(kept, decimals);
    return amount === undefined ? "" : typedAmount(amount, decimals);
  };
  const [key, setKey] = useState<string>(brought.delegate ?? before.delegate ?? "");
  const [floorText, setFloor] = useState(() => typed(before.floor, level.feedInPerKwh));
  const [ceilingText, setCeiling] = useState(() => typed(before.ceiling, level.retailPerKwh));
  const [mostText, setMost] = useState(() => typed(before.mostADay, undefined));
  const [allText, setAll] = useState<string>();
  const [day, setDay] = useState("");

  const delegate = isAddress(key, { strict: false }) ? getAddress(key) : undefined;
  const isOwn = delegate !== undefined && isAddressEqual(delegate, holder);
  const keyFault = isOwn
    ? t`This is your own address: you sign for yourself anyway.`
    : key !== "" && delegate === undefined
      ? t`This is not an address.`
      : undefined;
  const floor = parseAmount(floorText, decimals);
  const ceiling = parseAmount(ceilingText, decimals);
  const mostADay = amountIn(mostText, decimals);
  const usualAll =
    mostADay === undefined ? "" : typedAmount(mostADay * BigInt(USUAL_DAYS), decimals);
  const all = amountIn(allText ?? usualAll, decimals);
  const usualDay = localDayOf(nowSeconds + USUAL_DAYS * SECONDS_PER_DAY, localZone());
  const lastDay = day === "" ? usualDay : day;
  const untilSeconds = endOf(lastDay);
  const isPast = untilSeconds !== undefined && untilSeconds <= nowSeconds;
  const terms =
    delegate !== undefined &&
    !isOwn &&
    floor !== undefined &&
    ceiling !== undefined &&
    mostADay !== undefined &&
    all !== undefined &&
    untilSeconds !== undefined &&
    !isPast
      ? { delegate, floor, ceiling, mostADay, all, untilSeconds }
      : undefined;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (terms === undefined) return;
    const money = formatMoney(terms.all, currency);
    rememberAutopilot(deployment.chainId, holder, {
      delegate: terms.delegate,
      home: brought.home ?? before.home ?? "",
      page: brought.page ?? before.page,
      floor: formatUnits(terms.floor, decimals),
      ceiling: formatUnits(terms.ceiling, decimals),
      mostADay: formatUnits(terms.mostADay, decimals),
    });
    await transact({
      title: t`Let the home agent spend ${money}`,
      calls: [
        callOf(contracts.marketplace, "authorize", [
          contracts.currency.address,
          terms.delegate,
          terms.all,
          terms.untilSeconds,
        ]),
      ],
    });
  }

  return (
    <Card title={isOn ? <Trans>Change the limits</Trans> : <Trans>Switch it on</Trans>}>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {brought.delegate === undefined && before.delegate === undefined && (
          <p className="max-w-2xl text-sm text-muted">
            <Trans>
              Your agent prints a link to this page, also as a QR code, when you run{" "}
              <code>agent pair</code>. It brings the address of the agent's key.
            </Trans>
          </p>
        )}
        <div className="grid items-start gap-3 md:grid-cols-3">
          <AmountField
            label={t`Sell my surplus, per kWh not below`}
            text={floorText}
            onChange={setFloor}
          />
          <AmountField
            label={t`Cover my need, per kWh up to`}
            text={ceilingText}
            onChange={setCeiling}
          />
          <AmountField label={t`Spend a day at most`} text={mostText} onChange={setMost} />
        </div>
        <div className="grid items-start gap-3 md:grid-cols-3">
          <AmountField
            label={t`May spend in all at most`}
            text={allText ?? usualAll}
            onChange={setAll}
          />
          <Field
            label={<Trans>Until the end of</Trans>}
            error={isPast ? t`This time has passed.` : undefined}
          >
            {(control) => (
              <Input
                {...control}
                type="date"
                value={lastDay}
                onChange={({ target }) => setDay(target.value)}
              />
            )}
          </Field>
          <Field label={<Trans>Address of the agent's key</Trans>} error={keyFault}>
            {(control) => (
              <HexInput {...control} value={key} onChange={({ target }) => setKey(target.value)} />
            )}
          </Field>
        </div>
        <Button
          type="submit"
          look="primary"
          size="large"
          busy={busy}
          disabled={terms === undefined}
          className="self-start"
        >
          {isOn ? <Trans>Change them</Trans> : <Trans>Switch on</Trans>}
        </Button>
      </form>
    </Card>
  );
}

/** The last second of a local day, Unix time; undefined when none is chosen. */
function endOf(day: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  return Math.floor(new Date(`${addDays(day, 1)}T00:00`).getTime() / 1000) - 1;
}

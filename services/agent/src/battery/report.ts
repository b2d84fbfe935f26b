import { formatKwh, formatMoney, slotStart } from "@wattline/sdk";
import { isoOf } from "../iso.ts";
import type { Currency } from "../trading/market.ts";
import type { BatteryState, Decision, PlannedSlot } from "./steering.ts";

/** How a battery stands; JSON as it is. */
export interface BatteryReport {
  /** Whether the agent steers it, and why not. */
  readonly isSteered: boolean;
  readonly standing: string;
  /** What it can give back; missing until it was read. */
  readonly stored: string | undefined;
  readonly storedPercent: number | undefined;
  /** What is kept in it at present. */
  readonly reserve: string;
  /** What it does now and why; missing while it is lost. */
  readonly doing: string | undefined;
  /** By slot, as far as it does anything. */
  readonly plan: readonly {
    readonly time: string;
    readonly takenWh: string;
    readonly givenWh: string;
    readonly stored: string;
  }[];
}

/** @param currency Undefined until the market was seen. */
export function batteryReport(
  { trouble, reading, battery, outageAtSeconds, plan, chargeW, decision }: BatteryState,
  slotSeconds: number,
  currency: Currency | undefined,
): BatteryReport {
  const { capacityWh, reserveWh = 0n } = battery;
  const storedWh = reading && reading.storedCentiWh / 100n;
  const outage =
    outageAtSeconds === undefined
      ? ""
      : `, for the outage from ${isoOf(outageAtSeconds * 1000)} on`;
  return {
    isSteered: trouble === undefined,
    standing:
      trouble === undefined
        ? "The battery is steered."
        : `The battery is lost: ${trouble}. Trading goes on without it.`,
    stored: storedWh === undefined ? undefined : formatKwh(storedWh),
    storedPercent: storedWh === undefined ? undefined : Number((100n * storedWh) / capacityWh),
    reserve: `${formatKwh(reserveWh)}${outage}`,
    doing:
      chargeW === undefined || decision === undefined
        ? undefined
        : doingWords(chargeW, decision, currency),
    plan: plan
      .filter(({ takenWh, givenWh }) => takenWh > 0n || givenWh > 0n)
      .map((each) => planned(each, slotSeconds)),
  };
}

const planned = (
  { slot, takenWh, givenWh, storedCentiWh }: PlannedSlot,
  slotSeconds: number,
): BatteryReport["plan"][number] => ({
  time: isoOf(slotStart(slot, slotSeconds) * 1000),
  takenWh: takenWh.toString(),
  givenWh: givenWh.toString(),
  stored: formatKwh(storedCentiWh / 100n),
});

const REASONS = {
  "fills its reserve": "it fills its reserve",
  "keeps surplus": "it keeps the home's surplus for later",
  charges: "energy costs less now than it is worth later",
  "covers the need": "it covers what the home lacks",
  "feeds in": "energy brings more now than later",
  rests: "nothing is worth taking or giving",
} as const;

function doingWords(
  chargeW: number,
  { doing, worthPerKwh }: Decision,
  currency: Currency | undefined,
): string {
  const watts = chargeW < 0 ? `It gives ${-chargeW} W` : `It takes ${chargeW} W`;
  const worth =
    worthPerKwh === undefined || currency === undefined
      ? ""
      : `; a kWh more in it is worth ${formatMoney(worthPerKwh, currency)}`;
  return `${chargeW === 0 ? "It rests" : watts}: ${REASONS[doing]}${worth}.`;
}

/** A report in lines, for a terminal. */
export function batteryLines({
  standing,
  stored,
  storedPercent,
  reserve,
  doing,
  plan,
}: BatteryReport): string[] {
  const next = plan.slice(0, 4).map(({ time, takenWh, givenWh }) => {
    return `${time.slice(11, 16)} ${takenWh === "0" ? `-${givenWh}` : `+${takenWh}`} Wh`;
  });
  return [
    `  Battery: ${standing}`,
    ...(stored === undefined
      ? []
      : [`  Stored: ${stored} (${storedPercent} %), of which ${reserve} is kept`]),
    ...(doing === undefined ? [] : [`  ${doing}`]),
    ...(next.length === 0 ? [] : [`  Battery's plan (UTC, + takes - gives): ${next.join(", ")}`]),
  ];
}

import { t } from "@lingui/core/macro";
import { type ReadingRow, SOURCES, slotEnd, slotStart } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { localZone } from "../browser/index.ts";
import { amountCell, type Cell, spreadsheetCsv, type Unit } from "../ui/index.ts";
import type { HistoryRow } from "./history.ts";

/** What a currency is counted in. */
export interface Currency extends Unit {
  readonly address: Address;
}

const WH_DECIMALS = 3;
/** Money off chain is counted in thousandths of a base unit. */
const MILLI_DECIMALS = 3;
const kwh = (wh: bigint): Cell => amountCell(wh, WH_DECIMALS);
const moment = (unixSeconds: number): Cell => ({ unixSeconds });
const nameOf = (source: number): string => SOURCES[source] ?? String(source);

/**
 * Settlements as a table for people, by the reader's spreadsheet: kWh, money and local times. For machines there are the
 * JSON file and the tables of the command.
 * @param typeNames What each kind of settlement is called.
 * @param currency What the amounts are in; those in another currency are in its base units.
 */
export function settlementsCsv(
  rows: readonly HistoryRow[],
  typeNames: Readonly<Record<HistoryRow["type"], string>>,
  currency: Currency,
): string {
  const zone = localZone();
  const heads = [
    t`Settled (${zone})`,
    t`Kind`,
    t`Delivery from (${zone})`,
    t`Delivery to (${zone})`,
    t`Seller`,
    t`Buyer`,
    t`From microgrid`,
    t`To microgrid`,
    t`Source`,
    t`Sent (kWh)`,
    t`Arrived (kWh)`,
    t`Currency`,
    t`Paid`,
    t`Of it charges`,
    t`Refund`,
    t`Bond`,
    t`Block`,
    t`Transaction`,
    t`Log`,
    t`Orders`,
    t`Signers`,
    t`Meters`,
  ];
  const cells = rows.map((row): Cell[] => {
    const isKnown = isAddressEqual(row.currency, currency.address);
    const money = (millis: bigint): Cell =>
      amountCell(millis, (isKnown ? currency.decimals : 0) + MILLI_DECIMALS);
    const address = row.currency;
    return [
      moment(row.time),
      typeNames[row.type],
      moment(slotStart(row.firstSlot, row.slotSeconds)),
      moment(slotEnd(row.lastSlot, row.slotSeconds)),
      row.seller,
      row.buyer,
      String(row.from),
      String(row.to),
      nameOf(row.source),
      kwh(row.sentWh),
      kwh(row.arrivedWh),
      isKnown ? currency.symbol : t`base units of ${address}`,
      money(row.costMillis),
      money(row.chargeMillis),
      money(row.refundMillis),
      money(row.bondMillis),
      String(row.block),
      row.transaction,
      String(row.logIndex),
      row.orders.join(" "),
      row.signers.join(" "),
      row.meters.join(" "),
    ];
  });
  return spreadsheetCsv([heads, ...cells]);
}

/** Readings as a table for people, a row per slot. */
export function readingsCsv(rows: readonly ReadingRow[]): string {
  const zone = localZone();
  const heads = [
    t`Reported (${zone})`,
    t`Delivery from (${zone})`,
    t`Delivery to (${zone})`,
    t`Meter`,
    t`Owner`,
    t`Microgrid`,
    t`Source`,
    t`Capacity (kW)`,
    t`Exported (kWh)`,
    t`Kept for forwards (kWh)`,
    t`Most that the sun can have made (kWh)`,
    t`Signature`,
    t`Block`,
    t`Transaction`,
  ];
  const cells = rows.map((row): Cell[] => [
    moment(row.time),
    moment(slotStart(row.slot, row.slotSeconds)),
    moment(slotEnd(row.slot, row.slotSeconds)),
    row.meter,
    row.owner,
    String(row.microgrid),
    nameOf(row.source),
    amountCell(BigInt(row.capacityW), WH_DECIMALS),
    kwh(row.exportedWh),
    kwh(row.keptWh),
    row.sunMostWh === undefined ? undefined : kwh(row.sunMostWh),
    row.signature,
    String(row.block),
    row.transaction,
  ]);
  return spreadsheetCsv([heads, ...cells]);
}

/** Settlements as JSON. Amounts are decimal strings, because JSON numbers can't hold all of them exactly. */
export const settlementsJson = (rows: readonly HistoryRow[]): string =>
  JSON.stringify(rows, (_, value) => (typeof value === "bigint" ? String(value) : value), 1);

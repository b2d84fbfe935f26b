import { readFileSync } from "node:fs";
import path from "node:path";
import type { AuditResult } from "@wattline/audit/command";
import { LANES, SOURCES } from "@wattline/sdk";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { tablesAt } from "../../../services/indexer/test/support/tables.ts";

type Cell = string | number | bigint | boolean | null | undefined | readonly Cell[];
type Row = Readonly<Record<string, Cell>>;
/** Rows as text, sorted: tables agree when these are the same. */
type Table = readonly string[];
type Tables = Readonly<Record<string, Table>>;

const GUARD = 0x80000000n;
const LANE = 0x7fffffffn;

/** Expects an indexer's tables to be what an audit has written and added up, row by row. */
export async function expectSameTables(url: string, result: AuditResult, out: string) {
  const [indexed, audited] = [indexedTables(await tablesAt(url)), auditedTables(result, out)];
  for (const name of Object.keys(audited)) {
    expect(indexed[name], `the indexer's ${name} and the audit's`).to.deep.equal(audited[name]);
  }
  return audited;
}

/** The audit's data, in common terms. */
function auditedTables({ state, findings }: AuditResult, out: string): Tables {
  expect(findings.map(({ message }) => message)).to.deep.equal([]);
  const csv = (name: string): Record<string, string>[] =>
    parse(readFileSync(path.join(out, name), "utf8"), { columns: true });
  const { certificates } = JSON.parse(readFileSync(path.join(out, "certificates.json"), "utf8"));
  const fills = [...state.fills].flatMap(([maker, words]) =>
    [...words].flatMap(([key, word]) =>
      lanesOf(word).map((bits, lane) => {
        const nonce = BigInt(key) * 8n + BigInt(lane);
        return bits !== 0n && [maker, nonce, bits & LANE, bits >= GUARD];
      }),
    ),
  );
  return {
    balances: tableOf(
      [...state.energy].flatMap(([holder, lines]) =>
        [...lines].flatMap(([line, words]) =>
          [...words].map(([block, word]) => [
            holder,
            Math.floor(line / 256),
            SOURCES[line % 256],
            block,
            word,
          ]),
        ),
      ),
    ),
    accounts: tableOf(
      [...state.accounts].flatMap(([currency, holders]) =>
        [...holders].map(
          ([holder, { balance, counter, lockedUntil }]) =>
            isAccount(balance, counter, lockedUntil) && [
              currency,
              holder,
              balance,
              counter,
              lockedUntil,
            ],
        ),
      ),
    ),
    fills: tableOf(fills),
    allowances: tableOf(
      [...state.allowances].map(([key, left]) => left !== 0n && [...key.split(" "), left]),
    ),
    positions: tableOf(
      [...state.positions].flatMap(([id, { terms, reserved }]) =>
        [...reserved].map(
          ([block, word]) =>
            word !== 0n && [id, block, terms.seller, terms.buyer, terms.price, terms.bond, word],
        ),
      ),
    ),
    flows: tableOf(
      [...state.flows].flatMap(([direction, words]) =>
        [...words].map(([block, word]) => word !== 0n && [...direction.split(" "), block, word]),
      ),
    ),
    meters: tableOf(
      [...state.meters].map(([address, meter]) => [
        address,
        meter.owner,
        meter.microgrid,
        SOURCES[meter.source],
        meter.capacityW,
        meter.critical,
        meter.active,
      ]),
    ),
    microgrids: tableOf(
      [...state.microgrids].map(([id, at]) => [
        ...[id, at.name, at.currency, at.dso, at.slotSeconds],
        ...[at.feedIn, at.retail, at.networkFee, at.islandPriceCap, at.islandRation],
        at.mode,
      ]),
    ),
    trades: tableOf(
      csv("settlements.csv").map((row) => [
        ...[row.transaction, row.log_index, row.block, row.type, row.seller, row.buyer],
        ...[row.from_microgrid, row.to_microgrid, row.source],
        ...[secondsOf(row.first_slot_start), secondsOf(row.last_slot_end)],
        ...[row.sent_wh, row.arrived_wh, row.cost_base_units, row.charge_base_units],
        row.bond_base_units,
      ]),
    ),
    orders: tableOf(
      csv("settlements.csv").map((row) => [row.transaction, row.log_index, row.order_hashes]),
    ),
    readings: tableOf(
      csv("readings.csv").map((row) => [
        ...[row.transaction, row.meter, row.owner, row.microgrid, row.source],
        ...[row.slot, row.exported_wh, row.signature === "not seen"],
      ]),
    ),
    retirements: tableOf(
      certificates.map((each: Certificate) => [
        ...[each.account_id, each.issue_market_zone, storable(each.cancellation.purpose)],
        ...[secondsOf(each.production_starting_interval), each.bundle_quantity],
        secondsOf(each.cancellation.action_completed_datetime),
      ]),
    ),
  };
}

interface Certificate {
  readonly account_id: string;
  readonly issue_market_zone: string;
  readonly production_starting_interval: string;
  readonly bundle_quantity: string;
  readonly cancellation: { readonly purpose: string; readonly action_completed_datetime: string };
}

/** The indexer's data, in common terms. */
function indexedTables(all: Record<string, unknown[]>): Tables {
  const rows = (name: string) => (all[name] ?? []) as Row[];
  const secondsPerSlot = new Map(
    rows("microgrids").map((row) => [row.id, Number(row.slotSeconds)]),
  );
  const slotStart = (slot: Cell, microgrid: Cell) =>
    Number(slot) * (secondsPerSlot.get(microgrid) ?? Number.NaN);
  return {
    balances: tableOf(
      rows("balances").map(
        (row) => row.word !== "0" && [row.holder, row.microgrid, row.source, row.block, row.word],
      ),
    ),
    accounts: tableOf(
      rows("accounts").map(
        ({ currency, holder, balance, counter, lockedUntil }) =>
          isAccount(balance, counter, lockedUntil) && [
            currency,
            holder,
            balance,
            counter,
            lockedUntil,
          ],
      ),
    ),
    fills: tableOf(
      rows("fills").map(
        (row) =>
          (row.filledWh !== "0" || row.cancelled === true) && [
            row.maker,
            row.nonce,
            row.filledWh,
            row.cancelled,
          ],
      ),
    ),
    allowances: tableOf(
      rows("delegates").map(
        (row) => row.allowance !== "0" && [row.maker, row.currency, row.delegate, row.allowance],
      ),
    ),
    positions: tableOf(
      rows("positions").map(
        (row) =>
          row.reserved !== "0" && [
            row.positionId,
            row.block,
            row.seller,
            row.buyer,
            row.price,
            row.bond,
            row.reserved,
          ],
      ),
    ),
    flows: tableOf(
      rows("flows").map((row) => row.word !== "0" && [row.from, row.to, row.block, row.word]),
    ),
    meters: tableOf(
      rows("meters").map((row) => [
        ...[row.address, row.owner, row.microgrid, row.source],
        ...[row.capacityW, row.critical, row.active],
      ]),
    ),
    microgrids: tableOf(
      rows("microgrids").map((row) => [
        ...[row.id, row.name, row.currency, row.dso, row.slotSeconds],
        ...[row.feedIn, row.retail, row.networkFee, row.islandPriceCap, row.islandRationWh],
        row.mode,
      ]),
    ),
    trades: tableOf(
      rows("trades").map((row) => [
        ...[row.txHash, row.logIndex, row.blockNumber, row.kind, row.seller, row.buyer],
        ...[row.fromMicrogrid, row.toMicrogrid, row.source],
        slotStart(row.firstSlot, row.fromMicrogrid),
        slotStart(Number(row.lastSlot) + 1, row.fromMicrogrid),
        ...[row.sentWh, row.arrivedWh, row.cost, row.charge, row.bond],
      ]),
    ),
    orders: tableOf(
      rows("trades").map((row) => [
        row.txHash,
        row.logIndex,
        [row.offerHash, row.bidHash].filter((hash) => hash !== null).join(" "),
      ]),
    ),
    readings: tableOf(
      rows("readings").flatMap((row) =>
        listOf(row.words).flatMap((word, offset) =>
          lanesOf(BigInt(String(word))).map(
            (bits, lane) =>
              bits >= GUARD && [
                ...[row.txHash, row.meter, row.owner, row.microgrid, row.source],
                (Number(row.firstBlock) + offset) * LANES + lane,
                bits & LANE,
                row.signature === null,
              ],
          ),
        ),
      ),
    ),
    retirements: tableOf(
      rows("retirements").flatMap((row) =>
        listOf(row.words).flatMap((word, offset) =>
          lanesOf(BigInt(String(word))).map(
            (wh, lane) =>
              wh !== 0n && [
                ...[row.holder, `microgrid ${row.microgrid}`, row.purpose],
                slotStart((Number(row.firstBlock) + offset) * LANES + lane, row.microgrid),
                ...[wh, row.time],
              ],
          ),
        ),
      ),
    ),
  };
}

const tableOf = (rows: readonly (readonly Cell[] | false)[]): Table =>
  rows
    .flatMap((row) =>
      row === false ? [] : [row.map((cell) => String(cell).toLowerCase()).join(" | ")],
    )
    .sort();

const isAccount = (...values: readonly Cell[]): boolean =>
  values.some((value) => Number(value) !== 0);

const lanesOf = (word: bigint): bigint[] =>
  Array.from({ length: LANES }, (_, lane) => (word >> BigInt(32 * lane)) & 0xffffffffn);

const listOf = (cell: Cell): readonly Cell[] => (Array.isArray(cell) ? cell : []);

/** No database accepts the character 0 in text. */
const storable = (text: string): string => text.replaceAll("\0", "");

const secondsOf = (iso: string | undefined): number => Date.parse(iso ?? "") / 1000;

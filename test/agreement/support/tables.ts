import { readFileSync } from "node:fs";
import path from "node:path";
import type { AuditResult } from "@wattline/audit/command";
import { LANES, SOURCES } from "@wattline/sdk";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { zeroAddress } from "viem";
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
  const fills = [...state.fills].flatMap(([key, words]) => {
    // Fills of firm orders are kept by currency and settler, too.
    const [maker, ...scope] = key.split(" ");
    return [...words].flatMap(([eighth, word]) =>
      lanesOf(word).map((bits, lane) => {
        const nonce = BigInt(eighth) * 8n + BigInt(lane);
        return bits !== 0n && [maker, nonce, scope.join(" "), bits & LANE, bits >= GUARD];
      }),
    );
  });
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
          ([holder, { balanceMillis, counter, lockedUntil, settler, signer }]) =>
            isAccount(balanceMillis, counter, lockedUntil) && [
              ...[currency, holder, balanceMillis, counter, lockedUntil],
              ...(lockedUntil === 0 ? [null, null] : [settler, nobodyIsNull(signer)]),
            ],
        ),
      ),
    ),
    fills: tableOf(fills),
    allowances: tableOf(
      [...state.allowances].map(([key, { amountMillis, untilSeconds }]) => [
        ...[...key.split(" "), amountMillis, untilSeconds],
      ]),
    ),
    positions: tableOf(
      [...state.positions].flatMap(([id, { position, open }]) =>
        position.energy.map(
          (word, index) =>
            ((open >> BigInt(index)) & 1n) === 1n && [
              ...[id, position.firstBlock + index, word, position.ahead[index] ?? 0n],
            ],
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
        nobodyIsNull(meter.pendingOwner),
        meter.movingTo === 0 ? null : meter.movingTo,
      ]),
    ),
    microgrids: tableOf(
      [...state.communities.microgrids].map(([id, at]) => [
        ...[id, at.name, at.currency, at.operator, at.dso, at.slotSeconds],
        ...[at.reportingDeadlineSeconds, at.utcOffsetMinutes, at.closedFrom ?? null],
      ]),
    ),
    schedules: tableOf(
      [...state.communities.microgrids].flatMap(([id, { schedules }]) =>
        schedules.map(({ firstSlot, levelOfHour, levels }, number) => [
          ...[id, number, firstSlot, levelOfHour],
          levels.map(({ pricePerKwh }) => pricePerKwh),
          levels.map(({ feePerKwh }) => feePerKwh),
          levels.map(({ feedInPerKwh }) => feedInPerKwh),
          levels.map(({ retailPerKwh }) => retailPerKwh),
        ]),
      ),
    ),
    islands: tableOf(
      [...state.communities.microgrids].flatMap(([id, { islands, declared }]) => [
        ...islands.map(({ firstSlot, lastSlot, endedAtSeconds }) => [
          ...[id, firstSlot, lastSlot ?? null, endedAtSeconds ?? null, false],
        ]),
        ...declared.map(({ firstSlot, lastSlot }) => [id, firstSlot, lastSlot, null, true]),
      ]),
    ),
    trades: tableOf(
      csv("settlements.csv").map((row) => [
        ...[row.transaction, row.log_index, row.block, row.type, row.seller, row.buyer],
        ...[row.from_microgrid, row.to_microgrid, row.source],
        ...[secondsOf(row.first_slot_start), secondsOf(row.last_slot_end)],
        ...[row.sent_wh, row.arrived_wh, row.cost_millis, row.charge_millis],
        row.bond_millis,
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
        ({ currency, holder, balanceMillis, counter, lockedUntil, lockSettler, lockSigner }) =>
          isAccount(balanceMillis, counter, lockedUntil) && [
            ...[currency, holder, balanceMillis, counter, lockedUntil, lockSettler, lockSigner],
          ],
      ),
    ),
    fills: tableOf(
      rows("fills").map(
        (row) =>
          (row.filledWh !== "0" || row.cancelled === true) && [
            ...[row.maker, row.nonce, row.scope, row.filledWh, row.cancelled],
          ],
      ),
    ),
    allowances: tableOf(
      rows("delegates").map((row) => [
        ...[row.maker, row.currency, row.delegate, row.allowanceMillis, row.until],
      ]),
    ),
    positions: tableOf(
      rows("positionBlocks").map(
        (row) => row.state === "open" && [row.positionId, row.block, row.energy, row.ahead],
      ),
    ),
    flows: tableOf(
      rows("flows").map((row) => row.word !== "0" && [row.from, row.to, row.block, row.word]),
    ),
    meters: tableOf(
      rows("meters").map((row) => [
        ...[row.address, row.owner, row.microgrid, row.source],
        ...[row.capacityW, row.critical, row.active, row.pendingOwner, row.movingTo],
      ]),
    ),
    microgrids: tableOf(
      rows("microgrids").map((row) => [
        ...[row.id, row.name, row.currency, row.operator, row.dso, row.slotSeconds],
        ...[row.reportingDeadline, row.utcOffsetMinutes, row.closedFrom],
      ]),
    ),
    schedules: tableOf(
      rows("schedules").map((row) => [
        ...[row.microgrid, row.number, row.firstSlot, row.levelOfHour],
        ...[row.prices, row.fees, row.feedIns, row.retails],
      ]),
    ),
    islands: tableOf(
      rows("islands").map((row) => [
        ...[row.microgrid, row.firstSlot, row.lastSlot],
        ...(row.declared === true ? [null, true] : [row.endedAt, false]),
      ]),
    ),
    trades: tableOf(
      rows("trades").map((row) => [
        ...[row.txHash, row.logIndex, row.blockNumber, row.kind, row.seller, row.buyer],
        ...[row.fromMicrogrid, row.toMicrogrid, row.source],
        slotStart(row.firstSlot, row.fromMicrogrid),
        slotStart(Number(row.lastSlot) + 1, row.fromMicrogrid),
        ...[row.sentWh, row.arrivedWh, row.costMillis, row.chargeMillis, row.bondMillis],
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

const nobodyIsNull = (address: string): string | null => (address === zeroAddress ? null : address);

const lanesOf = (word: bigint): bigint[] =>
  Array.from({ length: LANES }, (_, lane) => (word >> BigInt(32 * lane)) & 0xffffffffn);

const listOf = (cell: Cell): readonly Cell[] => (Array.isArray(cell) ? cell : []);

/** No database accepts the character 0 in text. */
const storable = (text: string): string => text.replaceAll("\0", "");

const secondsOf = (iso: string | undefined): number => Date.parse(iso ?? "") / 1000;

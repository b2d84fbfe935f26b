import { type Address, isAddressEqual } from "viem";
import { SOURCES, sourceIndex } from "../energyId.ts";
import type { RetireAct } from "../history/acts.ts";
import { blockOf, LANES, unpackProfile } from "../profile.ts";
import { chargedMeter, RENEWABLE_SOURCES, renewableExport } from "../storage.ts";
import { laneWord } from "../words.ts";
import { addWord } from "./ledger.ts";
import {
  type AuditState,
  communitiesIn,
  type MeterState,
  type StorageState,
  type Words,
  within,
} from "./state.ts";

/** What a battery exported in a slot, and what of it was retired to charge it. */
export interface StorageRow {
  readonly meter: Address;
  readonly microgrid: number;
  readonly slot: number;
  readonly slotSeconds: number;
  readonly exportedWh: bigint;
  /** Renewable energy of this slot that was retired to charge the battery. */
  readonly chargedWh: bigint;
  /** What of the export is renewable; the rest is not shown to be. */
  readonly renewableWh: bigint;
}

const STORAGE = sourceIndex("Storage");

const storageIn = (state: AuditState, meter: Address, microgrid: number): StorageState => {
  const microgrids = within(state.storage, meter);
  const known = microgrids.get(microgrid) ?? { exported: new Map(), charged: new Map() };
  microgrids.set(microgrid, known);
  return known;
};

/** Records energy that a meter reported, if it is a battery's. */
export function recordStorage(
  state: AuditState,
  address: Address,
  { source, microgrid }: MeterState,
  blockNumber: number,
  energy: bigint,
): void {
  if (source !== STORAGE) return;
  addWord(storageIn(state, address, microgrid).exported, blockNumber, energy);
}

/**
 * Records retired energy that charged a battery. It counts when it is renewable, of the battery's microgrid, of slots of
 * its meter, and retired by and for the meter's owner; else it is a retirement like any other.
 */
export function recordCharge(
  state: AuditState,
  {
    holder,
    beneficiary,
    microgrid,
    source,
    firstBlock,
    energy,
    purpose,
  }: RetireAct["retired"]["args"],
): void {
  const address = chargedMeter(purpose);
  const meter = address && state.meters.get(address);
  if (address === undefined || meter === undefined) return;
  const isOwn = isAddressEqual(holder, meter.owner) && isAddressEqual(beneficiary, meter.owner);
  const name = SOURCES[source];
  const isRenewable = name !== undefined && RENEWABLE_SOURCES.includes(name);
  if (!isOwn || !isRenewable || meter.source !== STORAGE || meter.microgrid !== microgrid) return;
  const { charged } = storageIn(state, address, microgrid);
  for (const [slot, wh] of unpackProfile({ firstBlock, words: energy })) {
    if (slot < meter.firstSlot) continue;
    addWord(charged, blockOf(slot), laneWord(slot % LANES, wh));
  }
}

/**
 * What batteries exported and what of it is renewable, by meter and slot. Only certain at the end of a history: energy may
 * be retired later than it was used.
 * @param microgrid Of this one only.
 */
export function storageRows(state: AuditState, microgrid?: number): StorageRow[] {
  const communities = communitiesIn(state);
  return [...state.storage].flatMap(([meter, microgrids]) =>
    [...microgrids].flatMap(([place, { exported, charged }]) => {
      const slotSeconds = communities.get(place)?.slotSeconds;
      if (slotSeconds === undefined || (microgrid !== undefined && place !== microgrid)) return [];
      const [exportedWh, chargedWh] = [unpacked(exported), unpacked(charged)];
      const renewableWh = renewableExport(exportedWh, chargedWh);
      const slots = [...new Set([...exportedWh.keys(), ...chargedWh.keys()])].sort((a, b) => a - b);
      return slots.map((slot) => ({
        meter,
        microgrid: place,
        slot,
        slotSeconds,
        exportedWh: exportedWh.get(slot) ?? 0n,
        chargedWh: chargedWh.get(slot) ?? 0n,
        renewableWh: renewableWh.get(slot) ?? 0n,
      }));
    }),
  );
}

/** What a battery's rows add up to. */
export type StorageTotal = Pick<
  StorageRow,
  "meter" | "microgrid" | "exportedWh" | "chargedWh" | "renewableWh"
>;

/** The sums of each battery. */
export function storageTotals(rows: readonly StorageRow[]): StorageTotal[] {
  const totals = new Map<string, StorageTotal>();
  for (const { meter, microgrid, exportedWh, chargedWh, renewableWh } of rows) {
    const key = `${meter} ${microgrid}`;
    const known = totals.get(key);
    totals.set(key, {
      meter,
      microgrid,
      exportedWh: (known?.exportedWh ?? 0n) + exportedWh,
      chargedWh: (known?.chargedWh ?? 0n) + chargedWh,
      renewableWh: (known?.renewableWh ?? 0n) + renewableWh,
    });
  }
  return [...totals.values()];
}

const unpacked = (words: Words): Map<number, bigint> =>
  new Map(
    [...words].flatMap(([firstBlock, word]) => [...unpackProfile({ firstBlock, words: [word] })]),
  );

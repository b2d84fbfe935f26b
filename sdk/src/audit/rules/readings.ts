import { SOURCES } from "../../energyId.ts";
import type { ReportAct } from "../../history/acts.ts";
import type { MovedWord } from "../../history/moves.ts";
import type { Microgrid } from "../../microgrid.ts";
import { isMarked, LANES, laneOf } from "../../profile.ts";
import { addWords, fillLanes, GUARDS, minWords, subtractWords } from "../../words.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { recordMove } from "../ledger.ts";
import { SOLAR, solarMostWh } from "../plausibility.ts";
import { communitiesIn, forgetDelivery, type MeterState, mostWhOf, within } from "../state.ts";
import { recordStorage } from "../storage.ts";

/** A reading: its signature, its slots and energy, and whether exactly its energy was minted. */
export function judgeReport(
  context: AuditContext,
  { reported, delivered, mint }: ReportAct,
  call: CallOf<"report"> | undefined,
): void {
  const { meter: address, firstBlock, exported } = reported.args;
  const meter = context.state.meters.get(address);
  const microgrid = meter && communitiesIn(context.state).get(meter.microgrid);
  if (mint !== undefined) recordMove(context, mint);
  const isKnown = meter !== undefined && microgrid !== undefined;
  expect(context, "meter", isKnown, "meter-not-registered", { meter: address });
  if (!isKnown) return;
  const signature = signatureOf(context, reported.args, call, meter);
  const minted: (readonly [blockNumber: number, energy: bigint])[] = [];
  const keptDue: (readonly [blockNumber: number, energy: bigint])[] = [];
  for (const [offset, word] of exported.entries()) {
    const blockNumber = firstBlock + offset;
    const energy = word & ~GUARDS;
    recordStorage(context.state, address, meter, blockNumber, energy);
    const kept = judgeWord(context, address, meter, microgrid, blockNumber, word);
    if (energy !== kept) minted.push([blockNumber, subtractWords(energy, kept)]);
    if (kept !== 0n) keptDue.push([blockNumber, kept]);
    writeRows(context, { address, meter, microgrid, blockNumber, word, kept, signature });
  }
  expect(
    context,
    "minting",
    isSame(minted, mint?.words ?? [], meter) && (mint === undefined || mint.to === meter.owner),
    "other-mint",
    { meter: address, owner: meter.owner },
    meter.microgrid,
  );
  const isKept =
    delivered.length === keptDue.length &&
    delivered.every(
      ({ args }, index) =>
        args.meter === address &&
        args.blockNumber === keptDue[index]?.[0] &&
        args.kept === keptDue[index]?.[1],
    );
  expect(context, "minting", isKept, "other-kept", { meter: address }, meter.microgrid);
}

function signatureOf(
  context: AuditContext,
  reported: ReportAct["reported"]["args"],
  call: CallOf<"report"> | undefined,
  meter: MeterState,
) {
  const { meter: address, firstBlock, exported } = reported;
  if (call === undefined) {
    context.unseen("reading-signature", "through-contract");
    return "not seen";
  }
  const { reading, signature } = call;
  const isSameReading =
    reading.meter === address &&
    reading.firstBlock === firstBlock &&
    reading.exported.length === exported.length &&
    reading.exported.every((word, index) => word === exported[index]);
  expect(context, "calldata", isSameReading, "other-reading", { meter: address }, meter.microgrid);
  if (!context.checksSignatures) return "not checked";
  const valid = expect(
    context,
    "reading-signature",
    context.isSignedByNamed({ kind: "reading", reading, signature }),
    "reading-not-signed",
    { meter: reading.meter, firstBlock: reading.firstBlock, signature },
    meter.microgrid,
  );
  return valid ? "valid" : "invalid";
}

/** Judges a word of a reading and records the part that is kept for forwards, which is returned. */
function judgeWord(
  context: AuditContext,
  address: ReportAct["reported"]["args"]["meter"],
  meter: MeterState,
  microgrid: Microgrid,
  blockNumber: number,
  word: bigint,
): bigint {
  const { slotSeconds } = microgrid;
  const ended = Math.floor(context.time / slotSeconds);
  // What had started when a meter was retired is still reported.
  const end = meter.active ? ended : Math.min(ended, meter.retiredSlot + 1);
  const mostWh = mostWhOf(meter, slotSeconds);
  const reported = within(context.state.reported, address);
  const key = Math.floor(blockNumber / 32);
  let flags = reported.get(key) ?? 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const covered = isMarked(word, lane);
    const wh = laneOf(word, lane);
    const slot = blockNumber * LANES + lane;
    const where = { meter: address, slot, exportedWh: wh };
    if (!covered) {
      if (wh !== 0n) {
        context.found("reading-time", "slot-not-covered", where, meter.microgrid);
      }
      continue;
    }
    const bit = 1n << BigInt((blockNumber % 32) * LANES + lane);
    expect(
      context,
      "reported-once",
      (flags & bit) === 0n,
      "reported-before",
      where,
      meter.microgrid,
    );
    flags |= bit;
    expect(
      context,
      "reading-time",
      slot < end && slot >= meter.firstSlot,
      "slot-not-ended",
      where,
      meter.microgrid,
    );
    expect(
      context,
      "capacity",
      wh <= mostWh,
      "above-capacity",
      { ...where, mostWh },
      meter.microgrid,
    );
  }
  reported.set(key, flags);

  const delivery = context.state.deliveries.get(address)?.get(blockNumber);
  if (delivery === undefined || delivery.committed === 0n) return 0n;
  // However late it comes, what is promised is kept.
  const kept = minWords(word & ~GUARDS, delivery.committed) & fillLanes(word & GUARDS);
  delivery.delivered = addWords(delivery.delivered, kept);
  forgetDelivery(context, address, blockNumber);
  return kept;
}

const isSame = (
  due: readonly (readonly [number, bigint])[],
  moved: readonly MovedWord[],
  { microgrid, source }: MeterState,
): boolean =>
  due.length === moved.length &&
  moved.every(
    (each, index) =>
      each.blockNumber === due[index]?.[0] &&
      each.energy === due[index]?.[1] &&
      each.microgrid === microgrid &&
      each.source === SOURCES[source],
  );

interface JudgedWord {
  readonly address: ReportAct["reported"]["args"]["meter"];
  readonly meter: MeterState;
  readonly microgrid: Microgrid;
  readonly blockNumber: number;
  readonly word: bigint;
  readonly kept: bigint;
  readonly signature: "valid" | "invalid" | "not seen" | "not checked";
}

function writeRows(context: AuditContext, judged: JudgedWord): void {
  const { address, meter, microgrid, blockNumber, word, kept, signature } = judged;
  const { slotSeconds } = microgrid;
  for (let lane = 0; lane < LANES; lane++) {
    if (!isMarked(word, lane)) continue;
    const slot = blockNumber * LANES + lane;
    const exportedWh = laneOf(word, lane);
    const isSolar = meter.source === SOLAR && exportedWh > 0n;
    const hasPlace = microgrid.latitudeTenths !== 0 || microgrid.longitudeTenths !== 0;
    if (isSolar && !hasPlace) context.unseen("sun", "no-place");
    const sunMostWh =
      isSolar && hasPlace ? solarMostWh(microgrid, meter.capacityW, slot) : undefined;
    if (sunMostWh !== undefined) {
      const time = new Date(slot * slotSeconds * 1000).toISOString();
      expect(
        context,
        "sun",
        exportedWh <= sunMostWh,
        sunMostWh === 0n ? "sun-at-night" : "above-clearest-sky",
        { meter: address, slot, time, exportedWh, sunMostWh },
        meter.microgrid,
      );
    }
    context.row({
      kind: "reading",
      block: context.blockNumber,
      time: context.time,
      transaction: context.transaction,
      meter: address,
      owner: meter.owner,
      microgrid: meter.microgrid,
      source: meter.source,
      capacityW: meter.capacityW,
      slot,
      slotSeconds,
      exportedWh,
      keptWh: laneOf(kept, lane),
      signature,
      sunMostWh,
    });
  }
}

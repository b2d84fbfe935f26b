import { SOURCES } from "../../energyId.ts";
import type { ReportAct } from "../../history/acts.ts";
import type { MovedWord } from "../../history/moves.ts";
import { isMarked, LANES, laneOf } from "../../profile.ts";
import { addWords, fillLanes, GUARDS, maskOfSlots, minWords, subtractWords } from "../../words.ts";
import type { CallOf } from "../calls.ts";
import { bookMove } from "../ledger.ts";
import { SOLAR, solarMostWh } from "../plausibility.ts";
import { expect, type Scene } from "../scene.ts";
import { type MeterState, type MicrogridState, within } from "../state.ts";

/** A reading: who signed it, whether it may say what it says, and whether just that was minted. */
export function judgeReport(
  scene: Scene,
  { reported, mint }: ReportAct,
  call: CallOf<"report"> | undefined,
): void {
  const { meter: address, firstBlock, exported } = reported.args;
  const meter = scene.state.meters.get(address);
  const microgrid = meter && scene.state.microgrids.get(meter.microgrid);
  if (mint !== undefined) bookMove(scene, mint);
  if (
    !expect(scene, "meter", meter?.active === true, "meter-not-in-service", {
      meter: address,
    }) ||
    meter === undefined ||
    microgrid === undefined
  ) {
    return;
  }
  const signature = signatureOf(scene, reported.args, call, meter);
  const minted: (readonly [blockNumber: number, energy: bigint])[] = [];
  for (const [offset, word] of exported.entries()) {
    const blockNumber = firstBlock + offset;
    const energy = word & ~GUARDS;
    const kept = judgeWord(scene, address, meter, microgrid, blockNumber, word);
    if (energy !== kept) minted.push([blockNumber, subtractWords(energy, kept)]);
    writeRows(scene, { address, meter, microgrid, blockNumber, word, kept, signature });
  }
  expect(
    scene,
    "minting",
    isSame(minted, mint?.words ?? [], meter) && (mint === undefined || mint.to === meter.owner),
    "other-mint",
    { meter: address, owner: meter.owner },
    meter.microgrid,
  );
}

function signatureOf(
  scene: Scene,
  reported: ReportAct["reported"]["args"],
  call: CallOf<"report"> | undefined,
  meter: MeterState,
) {
  const { meter: address, firstBlock, exported } = reported;
  if (call === undefined) {
    scene.unseen("reading-signature", "through-contract");
    return "not seen";
  }
  const { reading, signature } = call;
  const isSameReading =
    reading.meter === address &&
    reading.firstBlock === firstBlock &&
    reading.exported.length === exported.length &&
    reading.exported.every((word, index) => word === exported[index]);
  expect(scene, "calldata", isSameReading, "other-reading", { meter: address }, meter.microgrid);
  if (!scene.checksSignatures) return "not checked";
  const valid = expect(
    scene,
    "reading-signature",
    scene.isSignedByNamed({ kind: "reading", reading, signature }),
    "reading-not-signed",
    { meter: reading.meter, firstBlock: reading.firstBlock, signature },
    meter.microgrid,
  );
  return valid ? "valid" : "invalid";
}

/** Judges a word of a reading and books what of it is kept for forwards, which is returned. */
function judgeWord(
  scene: Scene,
  address: ReportAct["reported"]["args"]["meter"],
  meter: MeterState,
  microgrid: MicrogridState,
  blockNumber: number,
  word: bigint,
): bigint {
  const { slotSeconds, reportingDeadline } = microgrid;
  const firstOpen = Math.floor((meter.sinceDay * 86_400) / slotSeconds);
  const ended = Math.floor(scene.time / slotSeconds);
  const mostWh = BigInt(Math.floor((meter.capacityW * slotSeconds) / 3600));
  const reported = within(scene.state.reported, address);
  const key = Math.floor(blockNumber / 32);
  let flags = reported.get(key) ?? 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const covered = isMarked(word, lane);
    const wh = laneOf(word, lane);
    const slot = blockNumber * LANES + lane;
    const where = { meter: address, slot, exportedWh: wh };
    if (!covered) {
      if (wh !== 0n) {
        scene.found("reading-time", "slot-not-covered", where, meter.microgrid);
      }
      continue;
    }
    const bit = 1n << BigInt((blockNumber % 32) * LANES + lane);
    expect(scene, "reported-once", (flags & bit) === 0n, "reported-before", where, meter.microgrid);
    flags |= bit;
    expect(
      scene,
      "reading-time",
      slot < ended && slot >= firstOpen,
      "slot-not-ended",
      where,
      meter.microgrid,
    );
    expect(
      scene,
      "capacity",
      wh <= mostWh,
      "above-capacity",
      { ...where, mostWh },
      meter.microgrid,
    );
  }
  reported.set(key, flags);

  const delivery = scene.state.deliveries.get(address)?.get(blockNumber);
  if (delivery === undefined || delivery.committed === 0n) return 0n;
  // In time: (slot + 1) * slotSeconds + deadline >= now.
  const firstInTime = Math.max(Math.ceil((scene.time - reportingDeadline) / slotSeconds) - 1, 0);
  const inTime = maskOfSlots(blockNumber, firstInTime, 2 ** 32);
  const kept = minWords(word & ~GUARDS, delivery.committed) & fillLanes(word & GUARDS) & inTime;
  delivery.delivered = addWords(delivery.delivered, kept);
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
  readonly microgrid: MicrogridState;
  readonly blockNumber: number;
  readonly word: bigint;
  readonly kept: bigint;
  readonly signature: "valid" | "invalid" | "not seen" | "not checked";
}

function writeRows(scene: Scene, judged: JudgedWord): void {
  const { address, meter, microgrid, blockNumber, word, kept, signature } = judged;
  const { slotSeconds } = microgrid;
  for (let lane = 0; lane < LANES; lane++) {
    if (!isMarked(word, lane)) continue;
    const slot = blockNumber * LANES + lane;
    const exportedWh = laneOf(word, lane);
    const isSolar = meter.source === SOLAR && exportedWh > 0n;
    const hasPlace = microgrid.latitudeTenths !== 0 || microgrid.longitudeTenths !== 0;
    if (isSolar && !hasPlace) scene.unseen("sun", "no-place");
    const sunMostWh =
      isSolar && hasPlace ? solarMostWh(microgrid, meter.capacityW, slot) : undefined;
    if (sunMostWh !== undefined) {
      const time = new Date(slot * slotSeconds * 1000).toISOString();
      expect(
        scene,
        "sun",
        exportedWh <= sunMostWh,
        sunMostWh === 0n ? "sun-at-night" : "above-clearest-sky",
        { meter: address, slot, time, exportedWh, sunMostWh },
        meter.microgrid,
      );
    }
    scene.row({
      kind: "reading",
      block: scene.blockNumber,
      time: scene.time,
      transaction: scene.transaction,
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

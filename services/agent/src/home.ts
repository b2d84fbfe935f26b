import path from "node:path";
import { openSigner, type Signer } from "@wattline/common/keys";
import {
  blockOf,
  type Domain,
  hashReading,
  IMPORT_READING_TYPES,
  LANES,
  metersDomain,
  packReading,
  solarMostWh,
} from "@wattline/sdk";
import { type Address, hashTypedData } from "viem";
import type { KnownDeployment, Settings } from "./config/read.ts";
import type { BatteryConfig, HomeConfig } from "./config/schema.ts";
import type { BlockEntry, Entry, SlotEntry } from "./journal/entries.ts";
import { Journal } from "./journal/journal.ts";
import type { Records } from "./journal/records.ts";
import { addPower, type Integral, registersOf, startIntegral } from "./metering/integrate.ts";
import { RecentRegisters, type RecentSurplus } from "./metering/recent.ts";
import type { PowerSample, RegisterSample, Sample } from "./metering/sample.ts";
import {
  type Fault,
  QUALITIES,
  type Quality,
  type Track,
  type TrackEvent,
  type TrackRules,
  takeSample,
} from "./metering/track.ts";

/** What a home counted in one slot, over all its meters. */
export interface HomeSlot {
  readonly slot: number;
  readonly importWh: bigint;
  readonly exportWh: bigint;
  /** The part of the export that the sun can't have made; 0 without a battery. */
  readonly storageWh: bigint;
  readonly quality: Quality;
}

/** What is told of a meter. */
export interface MeterStatus {
  readonly name: string;
  readonly lastMs: number | undefined;
  readonly importWh: bigint | undefined;
  readonly exportWh: bigint | undefined;
  /** Samples that were held back since the start. */
  readonly held: number;
}

interface MeterState {
  track: Track | undefined;
  integral: Integral | undefined;
  savedMs: number;
  held: number;
  lastFault: Fault | undefined;
  readonly recent: RecentRegisters;
}

/** The energy since the last slot's end is kept this often where there is no register that remembers it. */
const SAVE_POWER_MS = 60_000;
/** What is older than this is not kept in memory. */
const KEPT_SECONDS = 8 * 86_400;

/** What is configured of a home, without where its keys and its meters' values come from. */
export interface HomeTerms
  extends Pick<
    HomeConfig,
    "name" | "microgrid" | "slot_minutes" | "connection_w" | "gaps" | "capacity_w"
  > {
  readonly meters: readonly { readonly name: string }[];
  readonly battery?: Pick<BatteryConfig, "latitude" | "longitude" | "panels_w"> | undefined;
}

export interface HomeOptions {
  readonly config: HomeTerms;
  readonly deployment: Pick<KnownDeployment, "chainId" | "meters">;
  readonly device: Signer;
  /** The device registered with the source Storage, for what the sun can't have made. */
  readonly storage?: Signer | undefined;
  readonly journal: Records;
  readonly report: (message: string) => void;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Opens a home as it is configured, with its keys and its journal on disk.
 * @throws AgentError when a key or the journal can't be opened.
 */
export function openHome(
  { config: { data }, deployment }: Settings,
  config: HomeConfig,
  report: (message: string) => void,
  now: () => number,
): Home {
  const device = openSigner(config.device);
  const storage = config.battery?.device && openSigner(config.battery.device);
  const journal = Journal.open({
    folder: journalFolder(data, device.address),
    header: headerOf(config, deployment),
    report: (message) => report(`${config.name}: ${message}`),
  });
  return new Home({ config, deployment, device, storage, journal, report, now });
}

/** Whose journal it is. */
export const headerOf = (
  { name, slot_minutes: slotMinutes }: Pick<HomeTerms, "name" | "slot_minutes">,
  { chainId, meters }: HomeOptions["deployment"],
) => ({ home: name, slotSeconds: slotMinutes * 60, chainId, metersContract: meters });

/** One home: its meters, its journal and its device's keys. */
export class Home {
  readonly config: HomeTerms;
  readonly journal: Records;
  readonly device: Signer;
  readonly storage: Signer | undefined;
  readonly slotSeconds: number;
  readonly #domain: Domain;
  readonly #rules: TrackRules;
  readonly #meters = new Map<string, MeterState>();
  readonly #report: (message: string) => void;
  readonly #now: () => number;
  #sealing: Promise<void> = Promise.resolve();

  constructor({ config, deployment, device, storage, journal, report, now }: HomeOptions) {
    this.config = config;
    this.journal = journal;
    this.device = device;
    this.storage = storage;
    this.slotSeconds = config.slot_minutes * 60;
    this.#domain = metersDomain(deployment.chainId, deployment.meters);
    this.#rules = {
      slotMs: this.slotSeconds * 1000,
      connectionW: config.connection_w,
      gaps: config.gaps,
    };
    this.#report = (message) => report(`${config.name}: ${message}`);
    this.#now = now;
    for (const { name } of config.meters) this.#meters.set(name, this.#restored(name));
  }

  /** The keys that sign for this home. */
  get signers(): readonly Signer[] {
    return this.storage === undefined ? [this.device] : [this.device, this.storage];
  }

  /**
   * Takes a sample of one of the meters in.
   * @throws AgentError when the journal can't be written; the sample is then as if it had not come.
   */
  take(meter: string, sample: Sample): void {
    const state = this.#meters.get(meter);
    if (state === undefined) throw new Error(`${this.config.name} has no meter ${meter}.`);
    const { registers, integral } =
      sample.kind === "power"
        ? this.#integrated(state, sample)
        : { registers: sample, integral: undefined };
    const nowMs = this.#now();
    const { track, events } = takeSample(state.track, registers, this.#rules, nowMs);
    const isPower = sample.kind === "power";
    const entries = this.#entriesOf(meter, events, track, registers, nowMs, state, isPower);
    this.journal.append(...entries);
    this.#tell(meter, events, state);
    if (events.some(({ kind }) => kind === "start")) state.recent.restart();
    if (track !== undefined && track.last !== state.track?.last) state.recent.add(track.last);
    state.track = track;
    state.integral = integral;
    if (entries.length > 0) state.savedMs = nowMs;
    if (events.some(({ kind }) => kind === "slot")) this.seal();
  }

  /** Signs the blocks that are complete, in the background, one after another. */
  seal(): void {
    this.#sealing = this.#sealing
      .then(() => this.#seal())
      .catch((error: unknown) => this.#report(`Blocks can't be signed yet: ${String(error)}`));
  }

  /** Resolves when all that is complete is signed, as far as it can be. */
  settled(): Promise<void> {
    return this.#sealing;
  }

  /** Slots that are over for every meter, oldest first. */
  slots(from = 0): HomeSlot[] {
    const names = this.config.meters.map(({ name }) => name);
    return [...this.journal.book.slots]
      .filter(([slot, meters]) => slot >= from && names.every((name) => meters.has(name)))
      .sort(([a], [b]) => a - b)
      .map(([slot, meters]) => this.#homeSlot(slot, [...meters.values()]));
  }

  /**
   * What the home feeds in less what it draws, W, over the last minute or two.
   * @returns Undefined while a meter is silent for a slot or more.
   */
  recentSurplus(): RecentSurplus | undefined {
    const sinceMs = this.#now() - this.#rules.slotMs;
    let all: RecentSurplus | undefined;
    for (const { recent } of this.#meters.values()) {
      const one = recent.surplus(sinceMs);
      if (one === undefined) return undefined;
      all = all === undefined ? one : { ...all, surplusW: all.surplusW + one.surplusW };
    }
    return all;
  }

  status(): MeterStatus[] {
    return [...this.#meters].map(([name, { track, held }]) => ({
      name,
      lastMs: track?.last.unixMs,
      importWh: track?.last.importWh,
      exportWh: track?.last.exportWh,
      held,
    }));
  }

  /** Keeps how far each meter was read, and closes the journal. */
  async close(): Promise<void> {
    await this.#sealing;
    const marks = [...this.#meters].flatMap(([meter, { track }]) =>
      track ? [markOf(meter, track)] : [],
    );
    try {
      this.journal.append(...marks);
    } finally {
      this.journal.close();
    }
  }

  #restored(meter: string): MeterState {
    const mark = this.journal.book.marks.get(meter);
    return {
      track: mark && { last: mark.last, open: mark.open, others: undefined },
      integral: undefined,
      savedMs: this.#now(),
      held: 0,
      lastFault: undefined,
      recent: new RecentRegisters(),
    };
  }

  /** Power as registers, which go on from where the journal's stand. */
  #integrated({ integral, track }: MeterState, sample: PowerSample) {
    const known = track?.last ?? { importWh: 0n, exportWh: 0n };
    const next =
      integral === undefined
        ? startIntegral(sample, known)
        : addPower(integral, sample, this.#rules.slotMs);
    return { integral: next, registers: registersOf(next) };
  }

  #entriesOf(
    meter: string,
    events: readonly TrackEvent[],
    track: Track | undefined,
    { unixMs }: RegisterSample,
    nowMs: number,
    state: MeterState,
    isPower: boolean,
  ): Entry[] {
    const entries: Entry[] = [];
    for (const event of events) {
      if (event.kind === "slot") entries.push({ kind: "slot", meter, ...event.energy });
      else if (event.kind === "start") entries.push(noteOf(nowMs, meter, event.reason));
      else if (event.kind === "note") entries.push(noteOf(nowMs, meter, event.message));
      // A fault that lasts is noted once.
      else if (event.fault !== state.lastFault) entries.push(noteOf(nowMs, meter, event.message));
    }
    const isHeld = events.some(({ kind }) => kind === "held");
    const isDue = isPower && unixMs - state.savedMs >= SAVE_POWER_MS;
    const moved = events.length > 0 && !isHeld;
    if (track !== undefined && (moved || (isDue && !isHeld))) entries.push(markOf(meter, track));
    return entries;
  }

  #tell(meter: string, events: readonly TrackEvent[], state: MeterState): void {
    let fault: Fault | undefined;
    for (const event of events) {
      if (event.kind === "held") {
        fault = event.fault;
        state.held++;
        if (fault !== state.lastFault) this.#report(`${meter}: held back: ${event.message}`);
      } else if (event.kind === "start") this.#report(`${meter}: ${event.reason}`);
      else if (event.kind === "note") this.#report(`${meter}: ${event.message}`);
    }
    state.lastFault = fault;
  }

  async #seal(): Promise<void> {
    const { book } = this.journal;
    const end = this.#readUpTo();
    const blocks = new Set([...book.slots.keys()].map(blockOf));
    const complete = [...blocks]
      .filter((block) => block > (book.sealedBlock ?? -1) && (block + 1) * LANES <= end)
      .sort((a, b) => a - b);
    for (const block of complete) await this.#sealBlock(block);
    book.forget(Math.floor(this.#now() / 1000 - KEPT_SECONDS) / this.slotSeconds);
  }

  /** The first slot that is not over for every meter. */
  #readUpTo(): number {
    const ends = [...this.#meters.values()].map(({ track }) =>
      track === undefined ? 0 : Math.floor(track.last.unixMs / this.#rules.slotMs),
    );
    return Math.min(...ends);
  }

  async #sealBlock(block: number): Promise<void> {
    const slots = this.slots(block * LANES).filter(
      ({ slot, quality }) => blockOf(slot) === block && quality !== "left out",
    );
    const wordOf = (whOf: (slot: HomeSlot) => bigint): bigint | undefined =>
      slots.length === 0
        ? undefined
        : packReading(new Map(slots.map((slot) => [slot.slot, whOf(slot)]))).words[0];
    const entries: Entry[] = [];
    const add = async (
      signer: Signer,
      direction: BlockEntry["direction"],
      whOf: (slot: HomeSlot) => bigint,
    ): Promise<void> => {
      const word = wordOf(whOf);
      if (word === undefined) return;
      const signature = await this.sign(signer, direction, block, [word]);
      const { address: device } = signer;
      entries.push({ kind: "block", device, direction, block, word, signature, state: "waiting" });
    };
    // A home that can export nothing has nothing to report.
    if (this.config.capacity_w !== 0) {
      await add(this.device, "export", ({ exportWh, storageWh }) => exportWh - storageWh);
    }
    await add(this.device, "import", ({ importWh }) => importWh);
    if (this.storage !== undefined) {
      await add(this.storage, "export", ({ storageWh }) => storageWh);
    }
    this.journal.append(...entries, { kind: "sealed", block });
  }

  /** The device signs words of blocks that follow one another. @throws AgentError when it can't */
  sign(
    signer: Signer,
    direction: BlockEntry["direction"],
    firstBlock: number,
    words: readonly bigint[],
  ) {
    const { address: meter } = signer;
    if (direction === "export") {
      return signer.sign(hashReading(this.#domain, { meter, firstBlock, exported: words }));
    }
    const { name, version, chainId, verifyingContract } = this.#domain;
    return signer.sign(
      hashTypedData({
        domain: { name, version, chainId, verifyingContract },
        types: IMPORT_READING_TYPES,
        primaryType: "ImportReading",
        message: { meter, firstBlock, imported: words },
      }),
    );
  }

  #homeSlot(slot: number, meters: readonly SlotEntry[]): HomeSlot {
    const sum = (of: "importWh" | "exportWh") => meters.reduce((wh, meter) => wh + meter[of], 0n);
    const exportWh = sum("exportWh");
    const quality = meters.reduce<Quality>(
      (worst, each) =>
        QUALITIES.indexOf(each.quality) > QUALITIES.indexOf(worst) ? each.quality : worst,
      "measured",
    );
    return {
      slot,
      importWh: sum("importWh"),
      exportWh,
      storageWh: this.#storageWh(slot, exportWh),
      quality,
    };
  }

  /** What of the export the panels can't have made, however clear the sky. */
  #storageWh(slot: number, exportWh: bigint): bigint {
    const { battery } = this.config;
    if (battery === undefined) return 0n;
    const site = {
      latitudeTenths: Math.round(battery.latitude * 10),
      longitudeTenths: Math.round(battery.longitude * 10),
      slotSeconds: this.slotSeconds,
    };
    const most = solarMostWh(site, battery.panels_w, slot);
    return exportWh > most ? exportWh - most : 0n;
  }
}

/** A home's journal is named by its device: two homes never share one. */
export const journalFolder = (data: string, device: Address): string =>
  path.join(data, device.toLowerCase());

const noteOf = (unixMs: number, meter: string, text: string): Entry => ({
  kind: "note",
  unixMs,
  meter,
  text,
});

const markOf = (meter: string, { last, open }: Track): Entry => ({
  kind: "mark",
  meter,
  last: { ...last },
  open: { ...open },
});

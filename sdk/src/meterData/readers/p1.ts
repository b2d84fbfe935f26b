import { Collector } from "../collector.ts";
import { P1Stream, type P1StreamEvent, type P1Telegram } from "../p1/index.ts";
import { type Direction, MeterFileError } from "../types.ts";
import { conclude, type ReadMeterFile } from "./reader.ts";

/**
 * Recorded P1 telegrams, one after another: registers' states, each with the meter's own time. What a register grew by
 * from one telegram to the next is the energy of the time between. The number of a telegram stands for the row.
 */
export const read: ReadMeterFile = async (file, { answers = {}, signal, onProgress }) => {
  const into = new Collector();
  const records = new Records(file.name, into);
  const stream = new P1Stream();
  for await (const chunk of file.bytes()) {
    signal?.throwIfAborted();
    for (const event of stream.push(chunk)) records.take(event);
    onProgress?.(records.count);
  }
  for (const event of stream.end()) records.take(event);
  records.end();
  return conclude("p1", file, into, undefined, answers, { columns: [], rows: [] });
};

/** Longer than this is no interval of a meter file. */
const LONGEST_SECONDS = 3600;

class Records {
  count = 0;
  readonly #file: string;
  readonly #into: Collector;
  /** The last telegram of each meter. */
  readonly #last = new Map<string, P1Telegram>();
  #pairs = 0;
  #firstFault: string | undefined;

  constructor(file: string, into: Collector) {
    this.#file = file;
    this.#into = into;
  }

  take(event: P1StreamEvent): void {
    this.count++;
    if (event.kind === "telegram") this.#add(event.telegram);
    else {
      this.#firstFault ??= event.fault.message;
      this.#note("ignored", `left out: ${event.fault.message}`);
    }
  }

  /** @throws MeterFileError where no two telegrams of a meter follow one another. */
  end(): void {
    if (this.#pairs > 0) return;
    if (this.#last.size === 0) {
      throw new MeterFileError(
        this.#file,
        { row: 1 },
        `a whole telegram (${this.#firstFault ?? "there is none"})`,
      );
    }
    throw new MeterFileError(
      this.#file,
      {},
      "two telegrams of a meter or more: this is one P1 telegram, the state of registers at one moment (see meterData/p1)",
    );
  }

  #add(telegram: P1Telegram): void {
    const { unixSeconds, meterId = telegram.identification } = telegram;
    if (unixSeconds === undefined) {
      throw new MeterFileError(
        this.#file,
        { row: this.count },
        "a telegram with the meter's time: DSMR 2.2 and 3.0 don't tell it, so their registers can't be placed in time",
      );
    }
    const before = this.#last.get(meterId);
    const seconds = unixSeconds - (before?.unixSeconds ?? unixSeconds);
    if (before && seconds < 0) {
      this.#note("overlap", "is older than the telegram before it: left out", meterId);
      return;
    }
    this.#last.set(meterId, telegram);
    if (!before) return;
    this.#pairs++;
    if (seconds === 0) return;
    this.#count("import", meterId, unixSeconds, seconds, before.importWh, telegram.importWh);
    this.#count("export", meterId, unixSeconds, seconds, before.exportWh, telegram.exportWh);
  }

  #count(
    direction: Direction,
    meterId: string,
    end: number,
    seconds: number,
    before: bigint | undefined,
    now: bigint | undefined,
  ): void {
    if (before === undefined || now === undefined) return;
    if (now < before) {
      this.#note(
        "registerReset",
        `${direction} fell from ${before} to ${now} Wh: not counted`,
        meterId,
      );
      return;
    }
    if (seconds > LONGEST_SECONDS) {
      const message = `${now - before} Wh of ${direction} in ${seconds} s without a telegram: when is not known, not counted`;
      this.#note("missing", message, meterId);
      return;
    }
    this.#into
      .register({ meterId, direction, quantity: "energy" })
      .add(end - seconds, seconds, Number(now - before) * 1000, "measured", this.count);
  }

  #note(
    kind: "ignored" | "overlap" | "registerReset" | "missing",
    what: string,
    meterId?: string,
  ): void {
    this.#into.find({
      kind,
      row: this.count,
      lastRow: this.count,
      count: 1,
      ...(meterId !== undefined && { meterId }),
      message: `telegram ${this.count}: ${what}`,
    });
  }
}

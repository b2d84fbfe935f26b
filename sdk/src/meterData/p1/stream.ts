import { P1Error, type P1Telegram, parseTelegram } from "./telegram.ts";

/** Bytes that are no telegram. */
export interface P1Fault {
  /** `cut`: half a telegram; `long`: more than a telegram holds without an end. */
  readonly kind: P1Error["kind"] | "cut" | "long";
  readonly message: string;
}

export type P1StreamEvent =
  | { readonly kind: "telegram"; readonly telegram: P1Telegram }
  | { readonly kind: "fault"; readonly fault: P1Fault };

/** Text messages of a telegram have at most 2,048 digits each; all the rest takes some two thousand bytes. */
const MOST_BYTES = 16_384;

const [SLASH, BANG, CR, LF] = [0x2f, 0x21, 0x0d, 0x0a];

/**
 * Finds telegrams in what a P1 port sends: bytes in, telegrams and faults out. It may begin anywhere, and what is damaged
 * costs that telegram only. Noise between telegrams is no fault.
 */
export class P1Stream {
  /** The telegram that has begun, to what has come of it. */
  #bytes: number[] = [];
  #isInside = false;
  /** Whether the line that is being received is the last of its telegram. */
  #isLastLine = false;
  #isLineStart = true;
  #isFirstLine = false;

  push(chunk: Uint8Array): P1StreamEvent[] {
    const events: P1StreamEvent[] = [];
    for (const byte of chunk) {
      // Half a telegram is known by the next one's slash: only the first line may have one of its own.
      if (byte === SLASH && !this.#isFirstLine) {
        if (this.#isInside) events.push(this.#isLastLine ? this.#read() : cut);
        this.#begin();
      }
      if (this.#isInside) this.#take(byte, events);
      this.#isLineStart = byte === LF;
      if (byte === LF) this.#isFirstLine = false;
    }
    return events;
  }

  /** What is left when nothing more comes: a file's last line may lack its end. */
  end(): P1StreamEvent[] {
    if (!this.#isInside) return [];
    if (this.#isLastLine) return [this.#read()];
    this.#reset();
    return [cut];
  }

  #take(byte: number, events: P1StreamEvent[]): void {
    if (byte === BANG && this.#isLineStart) this.#isLastLine = true;
    this.#bytes.push(byte);
    if (this.#isLastLine && (byte === LF || byte === CR)) events.push(this.#read());
    else if (this.#bytes.length > MOST_BYTES) {
      this.#reset();
      events.push(long);
    }
  }

  #begin(): void {
    this.#reset();
    this.#isInside = true;
    this.#isFirstLine = true;
    this.#isLineStart = false;
  }

  #reset(): void {
    this.#bytes = [];
    this.#isInside = false;
    this.#isFirstLine = false;
    this.#isLastLine = false;
  }

  #read(): P1StreamEvent {
    const bytes = Uint8Array.from(this.#bytes);
    this.#reset();
    try {
      return { kind: "telegram", telegram: parseTelegram(bytes) };
    } catch (error) {
      if (!(error instanceof P1Error)) throw error;
      return { kind: "fault", fault: { kind: error.kind, message: error.message } };
    }
  }
}

const cut: P1StreamEvent = {
  kind: "fault",
  fault: { kind: "cut", message: "A telegram was cut off: the next one began before its end." },
};
const long: P1StreamEvent = {
  kind: "fault",
  fault: { kind: "long", message: `No telegram has ${MOST_BYTES} bytes: its end was lost.` },
};

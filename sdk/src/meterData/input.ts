import { MeterFileError } from "./types.ts";

/** A file's bytes: whole, or as they come (a Blob's or a Node file's stream). */
export interface MeterSource {
  readonly name: string;
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
}

/** A file of which the first bytes have been looked at. */
export interface OpenFile {
  readonly name: string;
  readonly encoding: string;
  /** The beginning as text, at most 64 kB. */
  readonly head: string;
  /** The first bytes as they are. */
  readonly magic: Uint8Array;
  /** The bytes in parts. To be read once. */
  bytes(): AsyncGenerator<Uint8Array>;
  /** The whole text, in parts. To be read once. */
  text(): AsyncGenerator<string>;
  /** The whole file's bytes. @throws MeterFileError beyond the limit. */
  wholeBytes(): Promise<Uint8Array>;
  /** The whole text. @throws MeterFileError beyond the limit. */
  wholeText(): Promise<string>;
}

const HEAD_BYTES = 65_536;
/** A JSON or XLSX file is held in memory as a whole. */
const MOST_WHOLE_BYTES = 64 * 1024 * 1024;

/** Opens a file: reads its beginning and finds its encoding. @throws MeterFileError when it is empty. */
export async function openFile(source: MeterSource, signal?: AbortSignal): Promise<OpenFile> {
  const stream = chunksOf(source.bytes, signal);
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const next = await stream.next();
    if (next.done) break;
    first.push(next.value);
    size += next.value.length;
  }
  const beginning = joined(first);
  if (beginning.length === 0) throw new MeterFileError(source.name, {}, "a file that is not empty");
  const encoding = encodingOf(beginning);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield beginning;
    yield* stream;
  }
  const file: OpenFile = {
    name: source.name,
    encoding,
    head: new TextDecoder(encoding).decode(beginning.subarray(0, HEAD_BYTES)),
    magic: beginning.subarray(0, 8),
    bytes,
    text: () => decoded(source.name, bytes(), encoding),
    async wholeBytes() {
      const parts: Uint8Array[] = [];
      let total = 0;
      for await (const part of bytes()) {
        total += part.length;
        if (total > MOST_WHOLE_BYTES) {
          throw new MeterFileError(source.name, {}, "at most 64 MB: export a shorter time");
        }
        parts.push(part);
      }
      return joined(parts);
    },
    async wholeText() {
      return new TextDecoder(encoding).decode(await file.wholeBytes());
    },
  };
  return file;
}

/** The text of a small file, in the encoding that its bytes show. */
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder(encodingOf(bytes)).decode(bytes);

async function* chunksOf(
  bytes: MeterSource["bytes"],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (bytes instanceof Uint8Array) {
    const part = 1 << 18;
    for (let at = 0; at < bytes.length; at += part) {
      signal?.throwIfAborted();
      yield bytes.subarray(at, at + part);
    }
    return;
  }
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    if (chunk.length > 0) yield chunk;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** By the byte order mark; else by where the zero bytes are; else UTF-8 where it is valid, or Windows' Latin-1. */
function encodingOf(bytes: Uint8Array): string {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const sample = bytes.subarray(0, 2048);
  const zeros = [0, 0];
  sample.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  });
  const many = sample.length / 5;
  if ((zeros[1] ?? 0) > many && (zeros[0] ?? 0) < many / 4) return "utf-16le";
  if ((zeros[0] ?? 0) > many && (zeros[1] ?? 0) < many / 4) return "utf-16be";
  try {
    // A cut character at the end is no fault of the file.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/**
 * Where the beginning was plain ASCII, it does not tell UTF-8 from Latin-1: the first other byte does.
 */
async function* decoded(
  name: string,
  bytes: AsyncGenerator<Uint8Array>,
  encoding: string,
): AsyncGenerator<string> {
  let decoder = new TextDecoder(encoding, { fatal: encoding === "utf-8" });
  let plain = encoding === "utf-8";
  for await (const chunk of bytes) {
    const ascii = plain && chunk.every((byte) => byte < 0x80);
    try {
      yield decoder.decode(chunk, { stream: true });
    } catch {
      if (!plain)
        throw new MeterFileError(name, {}, "UTF-8 throughout: save the file as UTF-8 again");
      decoder = new TextDecoder("windows-1252");
      yield decoder.decode(chunk, { stream: true });
    }
    plain = ascii;
  }
  try {
    yield decoder.decode();
  } catch {
    throw new MeterFileError(name, {}, "a whole character at its end: the file is cut off");
  }
}

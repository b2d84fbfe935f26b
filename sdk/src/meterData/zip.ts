import { MeterFileError } from "./types.ts";

/** A year of quarter-hours of a hundred meters unpacks to less. */
const MOST_UNPACKED_BYTES = 512 * 1024 * 1024;

const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const DEFLATED = 8;

/**
 * Counts what a ZIP file (an XLSX) unpacks to, without keeping it: the sizes that it states itself need not be true.
 * @throws MeterFileError beyond 512 MB, and for a file that is cut off.
 */
export async function checkUnpackedSize(name: string, bytes: Uint8Array): Promise<void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cutOff = new MeterFileError(name, {}, "a whole XLSX file: this one is cut off");
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw cutOff;
  const entries = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  let total = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) throw cutOff;
    const packed = view.getUint32(at + 20, true);
    const header = view.getUint32(at + 42, true);
    if (header + 30 > end) throw cutOff;
    const from =
      header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    const data = bytes.subarray(from, from + packed);
    const isDeflated = view.getUint16(at + 10, true) === DEFLATED;
    total += isDeflated ? await inflatedSize(data, MOST_UNPACKED_BYTES - total) : packed;
    if (total > MOST_UNPACKED_BYTES) {
      throw new MeterFileError(
        name,
        {},
        "at most 512 MB once it is unpacked: export a shorter time, or fewer meters",
      );
    }
    // The name, an extra field and a comment follow.
    at += 46 + [28, 30, 32].reduce((sum, field) => sum + view.getUint16(at + field, true), 0);
  }
}

/** The size of deflated data, counted to a little beyond `most`. Damaged data counts as far as it goes. */
async function inflatedSize(data: Uint8Array, most: number): Promise<number> {
  let size = 0;
  const stream = new Blob([Uint8Array.from(data)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > most) break;
    }
  } catch {
    // Whether it is damaged is for the reader of the sheet to say.
  }
  return size;
}

import { type Address, getAddress, type Hex } from "viem";

/**
 * Reads plain values and lists of words from ABI-encoded data, directly from the hex digits. A general decoder would
 * take most of an audit's time; it is used only for structs and text.
 */

/** A value as viem decodes it: below 2^48 it is a number. */
type Value = string | number | bigint | boolean | readonly bigint[];

type Reader = (digits: string) => Value;

/** Hex digits of a word. */
const WORD = 64;

const known = new Map<string, Address>();
const MOST_KNOWN = 20_000;

/** An address with its checksum, cached. */
export function checksummed(address: string): Address {
  const found = known.get(address);
  if (found !== undefined) return found;
  const made = getAddress(address);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(address, made);
  return made;
}

/** The reader of a one-word type; undefined for any other type. */
export function readerOf(type: string): Reader | undefined {
  if (type === "address") return (digits) => checksummed(`0x${digits.slice(24)}`);
  if (type === "bool") return (digits) => BigInt(`0x${digits}`) !== 0n;
  const uint = /^uint(\d+)$/.exec(type);
  if (uint !== null) {
    const bits = Number(uint[1]);
    return bits <= 48
      ? (digits) => Number.parseInt(digits.slice(-bits / 4), 16)
      : (digits) => BigInt(`0x${digits}`);
  }
  const bytes = /^bytes(\d+)$/.exec(type);
  if (bytes !== null) return (digits) => `0x${digits.slice(0, 2 * Number(bytes[1]))}`;
  return undefined;
}

/** A decoder of values of these types; undefined when one of them can't be read here. */
export function decoderOf(types: readonly string[]): ((data: Hex) => Value[]) | undefined {
  const readers = types.map((type) => (type === "uint256[]" ? ("list" as const) : readerOf(type)));
  if (readers.some((reader) => reader === undefined)) return undefined;
  return (data) =>
    readers.map((reader, index) => {
      const digits = wordAt(data, index);
      if (reader === "list") return listAt(data, Number.parseInt(digits, 16) / 32);
      if (reader === undefined) throw new RangeError("A type without a reader.");
      return reader(digits);
    });
}

function listAt(data: Hex, index: number): bigint[] {
  const length = Number.parseInt(wordAt(data, index), 16);
  if (!(length * WORD <= data.length)) throw new RangeError("A list is longer than its data.");
  return Array.from({ length }, (_, at) => BigInt(`0x${wordAt(data, index + 1 + at)}`));
}

function wordAt(data: Hex, index: number): string {
  const start = 2 + index * WORD;
  if (!(Number.isInteger(start) && start + WORD <= data.length)) {
    throw new RangeError("The data ends too early.");
  }
  return data.slice(start, start + WORD);
}

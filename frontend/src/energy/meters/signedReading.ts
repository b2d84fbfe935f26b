import { coveredRange, type Reading, sumWh } from "@wattline/sdk";
import { type Address, type Hex, isAddress, isHex } from "viem";
import * as z from "zod/mini";

/** A reading that a meter has signed, ready to be submitted by anyone. */
export interface SignedReading {
  readonly reading: Reading;
  readonly signature: Hex;
}

/** A text is not a signed reading; the message says what is wrong. */
export class ReadingError extends Error {}

const BLOCKS = 2 ** 29;
const WORD = 2n ** 256n;
/** More would not fit in a transaction. */
const MOST_BLOCKS = 4_096;

const isWord = (value: unknown): boolean =>
  typeof value === "string" &&
  /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value) &&
  BigInt(value) < WORD;

const signed = z.object({
  meter: z.custom<Address>(
    (value) => typeof value === "string" && isAddress(value, { strict: false }),
    "not an address",
  ),
  firstBlock: z.number().check(z.int(), z.nonnegative(), z.lt(BLOCKS)),
  exported: z
    .array(z.custom<string>(isWord, "not a word of 256 bits, in decimal or hexadecimal digits"))
    .check(z.minLength(1), z.maxLength(MOST_BLOCKS)),
  signature: z.custom<Hex>((value) => isHex(value), "not a signature in hexadecimal"),
});

/**
 * Parses signed readings from JSON: one, a list, or `{ readings: [...] }`; each with its members beside the signature or in
 * a member `reading`. Signed import, which an agent's export has too and which never goes on chain, is left out.
 * @throws ReadingError
 */
export function parseReadings(text: string): SignedReading[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ReadingError("This is not JSON.");
  }
  const exported = listIn(json)
    .map(flat)
    .filter((each) => !isImport(each));
  return exported.map((each, index) => {
    const parsed = signed.safeParse(each);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(
        ({ path, message }) => `${path.join(".")}: ${message}`,
      );
      throw new ReadingError(`Reading ${index + 1} is malformed. ${faults.join("; ")}`);
    }
    const { meter, firstBlock, exported, signature } = parsed.data;
    return { reading: { meter, firstBlock, exported: exported.map(BigInt) }, signature };
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function listIn(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json;
  if (isRecord(json) && Array.isArray(json.readings)) return json.readings;
  return [json];
}

const flat = (each: unknown): unknown =>
  isRecord(each) && isRecord(each.reading) ? { ...each.reading, signature: each.signature } : each;

const isImport = (each: unknown): boolean =>
  isRecord(each) && "imported" in each && !("exported" in each);

/** The slots of a reading, and the Wh exported in them. */
export const contentOf = ({ reading: { firstBlock, exported } }: SignedReading) => ({
  ...coveredRange({ firstBlock, words: exported }),
  exportedWh: sumWh(exported),
});

/** The identity of a signed reading. The signature alone is not enough: it may be attached to another reading. */
export const keyOf = ({
  reading: { meter, firstBlock, exported },
  signature,
}: SignedReading): string => [meter, firstBlock, ...exported, signature].join(" ");

import { crc32 } from "node:zlib";

/**
 * A line of an append-only file: the checksum (CRC-32, eight hexadecimal digits), a space, what is kept, and the line's end. A
 * line is there whole or not at all: half a line has no end or no checksum.
 */
export const lineOf = (text: string): string => `${sumOf(text)} ${text}\n`;

const sumOf = (text: string): string => crc32(text).toString(16).padStart(8, "0");

/** What is found in a file of lines. */
export interface FoundLines {
  readonly texts: readonly string[];
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number;
  /** Numbers of damaged lines that whole ones follow, counted from 1. */
  readonly damaged: readonly number[];
}

const LF = 0x0a;

/** Reads lines; what follows the last whole line is what a power cut has left, and is none. */
export function readLines(bytes: Uint8Array): FoundLines {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  const damaged: number[] = [];
  let wholeBytes = 0;
  let pending: number[] = [];
  let number = 0;
  for (
    let start = 0, end = bytes.indexOf(LF);
    end >= 0;
    start = end + 1, end = bytes.indexOf(LF, start)
  ) {
    number++;
    const line = decoder.decode(bytes.subarray(start, end));
    const text = line.slice(9);
    if (line[8] === " " && line.slice(0, 8) === sumOf(text)) {
      texts.push(text);
      damaged.push(...pending);
      pending = [];
      wholeBytes = end + 1;
    } else pending.push(number);
  }
  return { texts, wholeBytes, damaged };
}

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { styleText } from "node:util";
import { isJsonLog, openLog } from "@wattline/common/log";

type Colour = Parameters<typeof styleText>[0];

/** The stream that receives all parts' lines. */
export type Sink = (line: string) => void;

/** Writes a line with a part's name. */
export type Say = (text: string) => void;

const COLOURS: readonly Colour[] = ["cyan", "green", "magenta", "blue", "yellow"];

/** So begins a line that a service has written as JSON. */
const JSON_LINE = '{"time":';

/** A merged log in which every line begins with its part's name, or is JSON that says it. */
export function logOf(names: readonly string[], sink: Sink = console.log) {
  if (isJsonLog()) {
    return (name: string): Say => {
      const log = openLog(name);
      return (text) => (text.startsWith(JSON_LINE) ? sink(text) : log(text));
    };
  }
  const width = Math.max(...names.map((name) => name.length));
  return (name: string): Say => {
    const place = names.indexOf(name);
    const colour = COLOURS[place % COLOURS.length] ?? "bold";
    const prefix = styleText(place < 0 ? "bold" : colour, `${name.padEnd(width)} │`, {
      stream: process.stdout,
    });
    return (text) => sink(`${prefix} ${text}`);
  };
}

/** Writes each line of a stream as it arrives. */
export function sayLines(stream: Readable, say: Say): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
    if (line.trim() !== "") say(line);
  });
}

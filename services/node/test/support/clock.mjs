/**
 * Loaded before a program: its clock is as far off as the file says that WATTLINE_TEST_CLOCK names, in milliseconds. So a process
 * lives through two days in minutes, and is otherwise as its operator runs it. Timers are left alone.
 */
import { readFileSync } from "node:fs";

const file = process.env.WATTLINE_TEST_CLOCK ?? "";
const TrueDate = Date;
let offset = Number(readFileSync(file, "utf8"));
let readAt = performance.now();

function now() {
  if (performance.now() - readAt > 50) {
    readAt = performance.now();
    const text = readFileSync(file, "utf8");
    if (text !== "") offset = Number(text);
  }
  return TrueDate.now() + offset;
}

globalThis.Date = class extends TrueDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes a file so that a reader finds the old one or the new one, never half of one, also after a power cut.
 * @param mode Who may read and write it.
 */
export function writeWhole(file: string, text: string, mode = 0o666): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text, { flush: true, mode });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

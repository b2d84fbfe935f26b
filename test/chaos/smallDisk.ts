import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A file system of a few MB. */
export interface SmallDisk {
  /** Nothing more can be written, until it is emptied. */
  fill(): void;
  empty(): void;
  close(): void;
}

const STEP_BYTES = 64 * 1024;

/** Mounts a file system in memory at a folder; undefined where that is not allowed. */
export function smallDiskAt(folder: string, megabytes: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  const options = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
  try {
    execFileSync("mount", options, { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const filler = path.join(folder, "filler");
  let isMounted = true;
  const close = (): void => {
    process.off("exit", close);
    // Processes that still have a file open there do not keep it from going.
    if (isMounted) execFileSync("umount", ["-l", folder], { stdio: "ignore" });
    isMounted = false;
  };
  process.once("exit", close);
  return {
    fill() {
      for (const bytes of [STEP_BYTES, 1]) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: "a" });
        } catch {
          // It is full.
        }
      }
    },
    empty: () => rmSync(filler, { force: true }),
    close,
  };
}

import { open, readFile, rm } from "node:fs/promises";
import { DatabaseError } from "./databaseError.ts";

/** The locks that this process holds itself. */
const held = new Set<string>();

/**
 * Keeps other processes out of a folder: an embedded database written to by two processes is destroyed. A lock whose
 * process is gone is ignored.
 * @returns A function that releases the folder.
 * @throws DatabaseError when another process has it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = `${folder}.lock`;
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      held.add(path);
      return async () => {
        held.delete(path);
        await rm(path, { force: true });
      };
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    // After a restart, in a container above all, a dead process may have had our own number.
    if (holder === process.pid ? held.has(path) : isRunning(holder)) {
      throw new DatabaseError(
        `The process ${holder} keeps its book in ${folder}. Stop it, or name another folder in WATTLINE_DATA. (If no relay runs, delete ${path}.)`,
      );
    }
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

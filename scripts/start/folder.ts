import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The folder can't be used for a run, since emptying it could lose something. */
export class FolderError extends Error {}

const MARK = "process";

/** The files of a run. */
export const filesIn = (folder: string) => ({
  deployment: path.join(folder, "deployment.json"),
  config: path.join(folder, "wattline.json"),
  readings: path.join(folder, "readings.json"),
  /** The auctioneer's configuration and what it has sent. */
  auctioneer: path.join(folder, "auctioneer"),
  /** Exists once the community's market is open. */
  opened: path.join(folder, "opened"),
  relayData: path.join(folder, "relay"),
  indexerData: path.join(folder, "indexer"),
});

/**
 * Empties the folder of a run and marks it as this process's.
 * @throws FolderError when another run uses it, or it contains something else.
 */
export function takeFolder(folder: string): void {
  const mark = path.join(folder, MARK);
  if (existsSync(mark)) {
    const holder = Number(readFileSync(mark, "utf8"));
    if (holder !== process.pid && isAlive(holder)) {
      throw new FolderError(
        `Another npm start (process ${holder}) runs in ${folder}: stop it, or give this one its own folder with --folder.`,
      );
    }
  } else if (existsSync(folder)) {
    throw new FolderError(
      `${folder} contains something else than an earlier run, and would be emptied: name another one with --folder.`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

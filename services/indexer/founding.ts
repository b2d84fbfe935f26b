import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Settings } from "./settings.ts";

/**
 * PGlite founds its database file by file, and one that was killed meanwhile never opens again. So the launcher marks a
 * database that has been whole, and clears away what has no mark: nothing is lost that the chain does not hold.
 */
type Place = Pick<Settings, "dataFolder" | "host" | "port">;

const folderOf = ({ dataFolder }: Place): string => path.join(dataFolder, "pglite");
const markOf = (place: Place): string => path.join(folderOf(place), "wattline-founded");

/** Removes a database that may be half of one. To be called before Ponder opens it. */
export function clearUnfounded(place: Place): void {
  if (!existsSync(markOf(place))) rmSync(folderOf(place), { recursive: true, force: true });
}

/** Marks the database as whole, if it is by now: Ponder answers when it has one. */
export async function markFounded(place: Place, signal?: AbortSignal): Promise<void> {
  if (!existsSync(folderOf(place)) || existsSync(markOf(place))) return;
  const health = `http://${place.host}:${place.port}/health`;
  if ((await fetch(health, signal && { signal })).ok) writeFileSync(markOf(place), "");
}

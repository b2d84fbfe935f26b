import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Settings } from "./settings.ts";

/**
 * PGlite creates its database file by file, and a database that was killed meanwhile never opens again. So the launcher
 * marks a complete database, and deletes one without a mark: nothing is lost that is not on chain.
 */
type Place = Pick<Settings, "dataFolder" | "host" | "port">;

const folderOf = ({ dataFolder }: Place): string => path.join(dataFolder, "pglite");
const markOf = (place: Place): string => path.join(folderOf(place), "wattline-founded");

/** Deletes a database that may be incomplete. To be called before Ponder opens it. */
export function deleteIncompleteDatabase(place: Place): void {
  if (!existsSync(markOf(place))) rmSync(folderOf(place), { recursive: true, force: true });
}

/** Marks the database as complete, if it is by now: Ponder answers only when it has one. */
export async function markDatabaseComplete(place: Place, signal?: AbortSignal): Promise<void> {
  if (!existsSync(folderOf(place)) || existsSync(markOf(place))) return;
  const health = `http://${place.host}:${place.port}/health`;
  if ((await fetch(health, signal && { signal })).ok) writeFileSync(markOf(place), "");
}

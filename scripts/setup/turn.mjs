/**
 * One at a time of what may not run twice. The lock is a folder that names its processes; renaming it into place is
 * atomic, and it is stale when none of them runs any more.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export async function takeTurn(folder, what = "installation") {
  const lock = join(folder, "lock");
  const id = `${process.pid}.${randomUUID()}`;
  const waiting = join(folder, `waiting.${id}`);
  mkdirSync(waiting, { recursive: true });
  writeFileSync(join(waiting, id), "");

  for (let told = false; !moved(waiting, lock); await sleep(200)) {
    const owners = ownersOf(lock);
    if (!owners.some(isRunning)) {
      // Every owner's name is unique, so that only one of two processes that see a stale lock moves it.
      moved(lock, join(folder, `ended.${owners[0]}`));
    } else if (!told) {
      console.error(
        `Another ${what} is running: waiting for it (if there is none, delete ${lock}).`,
      );
      told = true;
    }
  }

  return {
    /** npm outlives a setup that is killed: the lock lasts until both have ended. */
    share: (pid) => writeFileSync(join(lock, `${pid}.`), ""),
    end: () => {
      if (moved(lock, join(folder, `ended.${id}`))) sweep(folder);
    },
  };
}

function moved(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function ownersOf(lock) {
  try {
    return readdirSync(lock);
  } catch {
    return [];
  }
}

function isRunning(owner) {
  try {
    process.kill(Number.parseInt(owner, 10), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function sweep(folder) {
  for (const name of readdirSync(folder)) {
    if (name.startsWith("ended.")) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

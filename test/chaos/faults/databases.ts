import { existsSync, rmSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { until } from "../../../scripts/testing/until.ts";
import { RELAYS } from "../stage.ts";
import { at, type Fault } from "./fault.ts";

/** A database has so long to show that it is of no use any more. */
const RECOVERY_MS = 240_000;

/** A database's folder is gone: a relay's book comes back from its peer, the indexer's rows from the chain. */
export const lost: Fault = {
  name: "lost",
  weight: 2,
  targets: ({ databases }) => [...databases.keys()],
  // A book that both relays lose is lost.
  holds: (target) => [`process ${target}`, "databases"],
  async begin({ parts, databases }, target) {
    const part = at(parts, target);
    await part.hold();
    rmSync(at(databases, target), { recursive: true, force: true });
    return { detail: "its database is gone", mend: async () => part.start() };
  },
};

/** A database's control file has other bytes: it can't be opened, and is deleted as docs/recovery/database-lost.md says. */
export const damaged: Fault = {
  name: "damaged",
  weight: 2,
  targets: () => RELAYS,
  holds: (target) => [`process ${target}`, "databases"],
  async begin({ parts, databases }, target, dice) {
    const part = at(parts, target);
    const folder = at(databases, target);
    await part.hold();
    const file = await controlFileOf(folder);
    if (file !== undefined) await overwrite(file, dice.below(200));
    return {
      detail: "bytes of its database are overwritten",
      async mend() {
        const before = part.ends;
        part.start();
        const hasEnded = await until(
          `${target} runs or ends`,
          async () => {
            if (part.ends > before) return "ended";
            return part.answers(0).then(
              () => "runs" as const,
              () => undefined,
            );
          },
          RECOVERY_MS,
        );
        if (hasEnded === "runs") return;
        await part.hold();
        rmSync(folder, { recursive: true, force: true });
        part.start();
      },
    };
  },
};

/** Where Postgres keeps what it has to know to open the rest. */
async function controlFileOf(folder: string): Promise<string | undefined> {
  if (!existsSync(folder)) return undefined;
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => path.basename(each) === "pg_control");
  return name === undefined ? undefined : path.join(folder, name);
}

async function overwrite(file: string, offset: number): Promise<void> {
  const { size } = await stat(file);
  const opened = await open(file, "r+");
  try {
    const bytes = Buffer.alloc(Math.min(64, size), 0xa5);
    await opened.write(bytes, 0, bytes.length, Math.min(offset, size - bytes.length));
    await opened.sync();
  } finally {
    await opened.close();
  }
}

import { renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { MendableError, reasonOf } from "./mendable.ts";

/** What keeps a second agent out. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a key or a folder: a socket beside it, which the system closes when the process ends, however it
 * ends. Whoever connects is told what `answer` says.
 * @throws MendableError when another process holds it.
 */
export async function takeLock(place: string, answer: () => string = () => ""): Promise<Lock> {
  const file = socketAt(place);
  if (process.platform !== "win32") await clear(file, place);
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(answer());
  });
  await listen(server, file).catch((error: unknown) => {
    throw isInUse(error)
      ? taken(place)
      : new MendableError(`${file} can't be made: ${reasonOf(error)}.`);
  });
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** What the process that holds a lock answers; undefined when none does. */
export function askLock(place: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(socketAt(place));
    socket.setEncoding("utf8");
    socket.on("data", (more: string) => {
      text += more;
    });
    socket.on("end", () => resolve(text));
    socket.on("error", () => resolve(undefined));
  });
}

const socketAt = (place: string): string =>
  process.platform === "win32" ? `\\\\.\\pipe\\${place.replace(/[^\w]/g, "-")}` : `${place}.lock`;

/**
 * Removes the socket of a process that has ended. It is moved aside before it is asked, so that two processes that start
 * together never take each other's away.
 */
async function clear(file: string, place: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const isAlive = await new Promise<boolean>((resolve) => {
    const socket = connect(aside);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
  if (isAlive) {
    renameSync(aside, file);
    throw taken(place);
  }
  rmSync(aside, { force: true });
}

const listen = (server: Server, file: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, resolve);
  });

const isInUse = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";

const taken = (place: string): MendableError =>
  new MendableError(
    `Another process is running with ${place}. End it, or give this one a key and a folder of its own.`,
  );

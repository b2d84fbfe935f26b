import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** A serial line: what is written to `child.stdin` comes out at `path`. */
export interface SerialLine {
  readonly path: string;
  readonly child: ChildProcess;
  send(text: string): void;
  close(): void;
}

export const hasPty = (): boolean =>
  process.platform !== "win32" && spawnSync("python3", ["-c", "import pty, tty"]).status === 0;

const PROGRAM = `
import os, pty, sys, tty
near, far = pty.openpty()
tty.setraw(far)
print(os.ttyname(far), flush=True)
while True:
    data = os.read(0, 4096)
    if not data:
        break
    os.write(near, data)
`;

export async function openPty(): Promise<SerialLine> {
  const child = spawn("python3", ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const [name] = await once(child.stdout, "data");
  return {
    path: String(name).trim(),
    child,
    send: (text) => child.stdin.write(text, "latin1"),
    close: () => child.kill("SIGKILL"),
  };
}

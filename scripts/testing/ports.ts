import { createServer } from "node:net";

/**
 * Ports are below those that the system uses for outgoing connections, so that none is taken between being found and
 * being used. Each process starts at a different port, so that two runs do not collide.
 */
const [FIRST, COUNT] = [20_000, 10_000];
/** Processes that start together have consecutive ids. */
const STRIDE = 97;
let next = process.pid * STRIDE;

/** A free port of this machine, a different one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (next++ % COUNT);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((closed) => server.close(closed));
    return port;
  }
}

/** Several free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

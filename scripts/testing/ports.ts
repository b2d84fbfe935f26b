import { createServer } from "node:net";

/**
 * Ports are taken from below those that systems give to connections that go out: no connection takes one between its
 * being found and its being used. Each process starts somewhere else, so that two runs keep out of each other's way.
 */
const [FIRST, COUNT] = [20_000, 10_000];
/** Processes that start together have numbers that are close together. */
const STRIDE = 97;
let next = process.pid * STRIDE;

/** A port of this machine on which nothing listens, another one each time. */
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

/** Several of them. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

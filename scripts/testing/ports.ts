import { createServer } from "node:net";

/** The variable that says in which lane of a test run a process is. */
export const LANE = "WATTLINE_TEST_LANE";

/**
 * Ports are below those that the system uses for outgoing connections, so that none is taken between being found and
 * being used. Each lane of a test run has a range of its own (0 is for what runs outside of one), and each process starts at a
 * different port of it, so that neither lanes nor runs find the same one.
 */
const [FIRST, PER_LANE] = [20_000, 2_000];
/** Processes that start together have consecutive ids. */
const STRIDE = 97;
const first = FIRST + Number(process.env[LANE] ?? 0) * PER_LANE;
let next = process.pid * STRIDE;

/** A free port of this machine, a different one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % PER_LANE);
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

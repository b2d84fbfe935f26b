import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A line to a node that can be cut, frozen or slow. */
export interface Line {
  readonly url: string;
  /** Nobody answers there any more; what is under way breaks off. */
  cut(): Promise<void>;
  /** Nothing comes through any more, and nobody is told. */
  freeze(): void;
  /** All that comes through is so much later. */
  delay(ms: number): void;
  /** It is as it was at first. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Passes on what comes, byte by byte and in its order. */
export async function lineTo(targetUrl: string): Promise<Line> {
  const { hostname: host, port } = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let delayMs = 0;
  let server: Server | undefined;
  let place = 0;

  function pass(from: Socket, to: Socket): void {
    let dueMs = 0;
    sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on("data", (data) => {
      if (isFrozen) return;
      const nowMs = performance.now();
      // What came earlier goes out earlier, also when the delay has become shorter meanwhile.
      dueMs = Math.max(dueMs, nowMs + delayMs);
      if (dueMs <= nowMs) to.write(data);
      else setTimeout(() => to.destroyed || to.write(data), dueMs - nowMs);
    });
  }

  async function open(): Promise<void> {
    if (server !== undefined) return;
    const opened = createServer((socket) => {
      const far = connect(Number(port), host);
      pass(socket, far);
      pass(far, socket);
    });
    await new Promise<void>((resolve) => opened.listen(place, "127.0.0.1", resolve));
    place = (opened.address() as AddressInfo).port;
    server = opened;
  }

  function hangUp(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function cut(): Promise<void> {
    if (server === undefined) return;
    const closing = server;
    server = undefined;
    const closed = new Promise((resolve) => closing.close(resolve));
    hangUp();
    await closed;
  }

  await open();
  return {
    url: `http://127.0.0.1:${place}`,
    cut,
    freeze() {
      isFrozen = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    async mend() {
      // Half of what was said on a frozen line is lost: it is begun anew.
      if (isFrozen) hangUp();
      isFrozen = false;
      delayMs = 0;
      await open();
    },
    close: cut,
  };
}

import { connect, createServer, type Server, type Socket } from "node:net";

const HOST = "127.0.0.1";

/** A TCP proxy to a service on this machine, which can be stopped, as if the service were down, and started again. */
export async function openProxy(port: number, service: string) {
  const { hostname, port: target } = new URL(service);
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  async function start(): Promise<void> {
    const opened = createServer((caller) => {
      const called = connect(Number(target), hostname);
      for (const [socket, other] of [
        [caller, called],
        [called, caller],
      ] as const) {
        sockets.add(socket);
        socket.pipe(other);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve, reject) => {
      opened.once("error", reject);
      opened.listen(port, HOST, resolve);
    });
    server = opened;
  }

  /** Closes all connections and accepts no new ones. */
  async function stop(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise((resolve) => closing.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await start();
  return { url: `http://${HOST}:${port}`, start, stop };
}

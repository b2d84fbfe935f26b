import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A line to a node that can be cut. */
export interface Link {
  readonly url: string;
  /** Nobody answers there any more; what is under way breaks off. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Nothing comes through any more, in either direction, as with a cable that is pulled: nobody is told. */
  freeze(): void;
}

/** Passes on what comes, byte by byte, until it is cut. */
export async function linkTo(rpcUrl: string): Promise<Link> {
  const { hostname: host, port } = new URL(rpcUrl);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let server: Server | undefined;
  let place = 0;

  async function open(): Promise<void> {
    const opened = createServer((socket) => {
      const far = connect(Number(port), host);
      for (const [one, other] of [
        [socket, far],
        [far, socket],
      ] as const) {
        sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
        one.on("data", (data) => void (isFrozen || other.write(data)));
      }
    });
    await new Promise<void>((resolve) => opened.listen(place, "127.0.0.1", resolve));
    place = (opened.address() as AddressInfo).port;
    server = opened;
  }

  await open();
  return {
    url: `http://127.0.0.1:${place}`,
    freeze() {
      isFrozen = true;
    },
    async cut() {
      isFrozen = false;
      const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
      for (const socket of sockets) socket.destroy();
      await closed;
      server = undefined;
    },
    mend: open,
  };
}

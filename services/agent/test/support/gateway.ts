import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** A P1 gateway: sends to all who are connected, and to who connects what was sent last. */
export class Gateway {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #last = "";

  private constructor(server: Server) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("It has no port.");
    this.port = address.port;
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
      socket.write(this.#last, "latin1");
    });
  }

  static async open(port = 0): Promise<Gateway> {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new Gateway(server);
  }

  get clients(): number {
    return this.#sockets.size;
  }

  send(text: string): void {
    this.#last = text;
    for (const socket of this.#sockets) socket.write(text, "latin1");
  }

  /** Cuts all connections off. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<unknown> {
    this.cut();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

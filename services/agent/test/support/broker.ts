import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";

/** A real MQTT broker. */
export class Broker {
  readonly url: string;
  readonly port: number;
  /** The last text of each topic. */
  readonly heard = new Map<string, string>();
  readonly #aedes: Aedes;
  readonly #server: Server;

  private constructor(aedes: Aedes, server: Server, port: number) {
    this.#aedes = aedes;
    this.#server = server;
    this.port = port;
    this.url = `mqtt://127.0.0.1:${port}`;
    aedes.on("publish", ({ topic, payload }) => this.heard.set(topic, payload.toString()));
  }

  static async open(): Promise<Broker> {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("It has no port.");
    return new Broker(aedes, server, address.port);
  }

  publish(topic: string, payload: string, retain = false): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#aedes.publish(
        { cmd: "publish", topic, payload, qos: 0, retain, dup: false },
        (error) => (error ? reject(error) : resolve()),
      ),
    );
  }

  /** Resolves at the next subscription. */
  subscribed(): Promise<void> {
    return new Promise((resolve) => this.#aedes.once("subscribe", () => resolve()));
  }

  /** The last text of the topic that ends so. */
  find(end: string): string | undefined {
    return [...this.heard].find(([topic]) => topic.endsWith(end))?.[1];
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

import { type BookOrder, type OrdersQuery, RelayClient } from "@wattline/relay";
import { orderFromJson, type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import type { Complaints } from "./complaints.ts";

/** An order of the book that can be traded. */
export interface Open extends SignedOrder {
  /** Wh. */
  readonly left: bigint;
}

/** While the relay is away, the newest orders wait; older ones are over anyway by the time it is back. */
const MOST_WAITING = 500;
const MOST_AT_ONCE = 200;

/** The relay's book as the community uses it. */
export class Book {
  readonly #relay: RelayClient;
  readonly #complaints: Complaints;
  readonly #signal: AbortSignal;
  #waiting: SignedOrder[] = [];

  constructor(relayUrl: string, complaints: Complaints, signal: AbortSignal) {
    this.#relay = new RelayClient(relayUrl);
    this.#complaints = complaints;
    this.#signal = signal;
  }

  /** Puts a signed order in line. */
  add(signed: SignedOrder): void {
    this.#waiting.push(signed);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /** Hands in what is in line; what the relay can't be given waits for the next time. */
  async hand(): Promise<void> {
    await this.#complaints.attempt("handing orders to the relay", async () => {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, MOST_AT_ONCE);
        const results = await this.#relay.post(batch.map(signedOrderToJson), this.#signal);
        this.#waiting = this.#waiting.slice(batch.length);
        const refused = results.find((result) => result.status === "refused");
        if (refused?.status === "refused") {
          throw new Error(`refused: ${refused.reasons.map(({ message }) => message).join(" ")}`);
        }
      }
    });
  }

  /** Live orders, the best price first; none while the relay is away. */
  async open(query: OrdersQuery): Promise<Open[]> {
    const page = await this.#complaints.attempt("reading the relay's book", () =>
      this.#relay.orders({ ...query, state: "live", sort: "price" }, this.#signal),
    );
    return (page?.orders ?? []).map(openOf).filter(({ left }) => left > 0n);
  }

  /** How many orders are live; undefined while the relay is away. */
  async size(): Promise<number | undefined> {
    return this.#complaints.attempt(
      "asking the relay",
      async () => (await this.#relay.health(this.#signal)).orders,
    );
  }
}

const openOf = ({ order, signature, remainingWh }: BookOrder): Open => ({
  order: orderFromJson(order),
  signature,
  left: BigInt(remainingWh),
});

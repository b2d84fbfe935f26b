import { type BookOrder, type OrdersQuery, RelayClient } from "@wattline/relay";
import { orderFromJson, type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import type { FailureLog } from "./failureLog.ts";

/** A live order. */
export interface Open extends SignedOrder {
  /** Wh. */
  readonly left: bigint;
}

/** While the relay does not answer, the newest orders wait; older ones would have expired by the time it does. */
const MOST_WAITING = 500;
const MOST_AT_ONCE = 200;

/** The relay's order book, as the community uses it. */
export class OrderBook {
  readonly #relay: RelayClient;
  readonly #failures: FailureLog;
  readonly #signal: AbortSignal;
  #waiting: SignedOrder[] = [];

  constructor(relayUrl: string, failures: FailureLog, signal: AbortSignal) {
    this.#relay = new RelayClient(relayUrl);
    this.#failures = failures;
    this.#signal = signal;
  }

  /** Queues a signed order for posting. */
  add(signed: SignedOrder): void {
    this.#waiting.push(signed);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /** Posts queued orders; what can't be posted waits for the next time. */
  async post(): Promise<void> {
    await this.#failures.attempt("posting orders to the relay", async () => {
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

  /** Live orders, the best price first; none while the relay does not answer. */
  async open(query: OrdersQuery): Promise<Open[]> {
    const page = await this.#failures.attempt("reading the relay's order orderBook", () =>
      this.#relay.orders({ ...query, state: "live", sort: "price" }, this.#signal),
    );
    return (page?.orders ?? []).map(openOf).filter(({ left }) => left > 0n);
  }

  /** The number of live orders; undefined while the relay does not answer. */
  async size(): Promise<number | undefined> {
    return this.#failures.attempt(
      "reading the relay's health",
      async () => (await this.#relay.health(this.#signal)).orders,
    );
  }
}

const openOf = ({ order, signature, remainingWh }: BookOrder): Open => ({
  order: orderFromJson(order),
  signature,
  left: BigInt(remainingWh),
});

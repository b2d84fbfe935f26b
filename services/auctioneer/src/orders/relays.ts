import { reasonOf } from "@wattline/common/mendable";
import type { BookOrder, OrdersQuery } from "@wattline/relay";
import { RelayClient } from "@wattline/relay/client";
import { signedOrderSchema } from "@wattline/relay/schemas";
import { type SignedOrder, signedOrderFromJson } from "@wattline/sdk";
import type { Address } from "viem";

/** Of one relay at most: a relay that has more than it should is not read to the end. */
const MOST_ORDERS = 50_000;
const PAGE = 500;
const PATIENCE_MS = 30_000;

/** Reads the limits that a settler may fill from relays. Each is asked by itself: one that fails or lies hinders no other. */
export class Relays {
  readonly #clients: ReadonlyMap<string, RelayClient>;
  readonly #settler: Address;
  readonly #report: (message: string) => void;
  /** What hinders a relay at present. */
  readonly #troubles = new Map<string, string>();

  constructor(urls: readonly string[], settler: Address, report: (message: string) => void) {
    this.#clients = new Map(urls.map((url) => [url, new RelayClient(url)]));
    this.#settler = settler;
    this.#report = report;
  }

  /** How many relays do not answer as relays. */
  get failing(): number {
    return this.#troubles.size;
  }

  /** The limits that the relays say are live. Nothing of them is verified but their form. */
  orders(signal: AbortSignal): Promise<SignedOrder[]> {
    return this.#read({ kind: "limit", settler: this.#settler, state: "live" }, signal);
  }

  /**
   * The limits that could be filled were their energy known to the relays: offers may wait for readings that only we have.
   * @param from A microgrid, and the first slot of which its offers are wanted.
   */
  async promisable(
    from: readonly { readonly microgrid: number; readonly slot: number }[],
    signal: AbortSignal,
  ): Promise<SignedOrder[]> {
    const limits = { kind: "limit", settler: this.#settler } as const;
    const offers = from.map(({ microgrid, slot }) =>
      this.#read(
        { ...limits, side: "offer", microgrid, fromSlot: slot, state: "all" },
        signal,
        ({ state }) => state === "live" || state === "unbacked",
      ),
    );
    const bids = this.#read({ ...limits, side: "bid", state: "live" }, signal);
    return (await Promise.all([bids, ...offers])).flat();
  }

  /** All orders that reach a slot, in whatever state. Nothing of them is verified but their form. */
  ordersOf(microgrid: number, slot: number, signal: AbortSignal): Promise<SignedOrder[]> {
    return this.#read({ microgrid, fromSlot: slot, toSlot: slot, state: "all" }, signal);
  }

  async #read(
    query: OrdersQuery,
    signal: AbortSignal,
    isWanted: (order: BookOrder) => boolean = () => true,
  ): Promise<SignedOrder[]> {
    const books = await Promise.all(
      [...this.#clients].map(([url, client]) => this.#bookOf(url, client, query, isWanted, signal)),
    );
    return books.flat();
  }

  async #bookOf(
    url: string,
    client: RelayClient,
    query: OrdersQuery,
    isWanted: (order: BookOrder) => boolean,
    stop: AbortSignal,
  ): Promise<SignedOrder[]> {
    const orders: SignedOrder[] = [];
    let malformed = 0;
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
      let read = 0;
      for await (const found of client.allOrders({ ...query, limit: PAGE }, signal)) {
        if (++read > MOST_ORDERS) throw new Error(`it has more than ${MOST_ORDERS} orders`);
        if (!isWanted(found)) continue;
        const { order, signature } = found;
        const parsed = signedOrderSchema.safeParse({ order, signature });
        if (parsed.success) orders.push(signedOrderFromJson(parsed.data));
        else malformed++;
      }
      this.#well(url, malformed);
    } catch (error) {
      stop.throwIfAborted();
      this.#trouble(url, reasonOf(error));
    }
    return orders;
  }

  #well(url: string, malformed: number): void {
    if (malformed > 0) this.#trouble(url, `${malformed} of its orders are malformed and left out`);
    else if (this.#troubles.delete(url))
      this.#report(`The relay ${url} answers as it should again.`);
  }

  #trouble(url: string, reason: string): void {
    if (this.#troubles.get(url) !== reason) this.#report(`The relay ${url}: ${reason}.`);
    this.#troubles.set(url, reason);
  }
}

import type { Report } from "@wattline/common/log";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import type { BookOrder, OrdersQuery } from "@wattline/relay";
import { RelayClient } from "@wattline/relay/client";
import { signedOrderSchema } from "@wattline/relay/schemas";
import { type SignedOrder, signedOrderFromJson } from "@wattline/sdk";
import type { Address } from "viem";

/** Of one relay at most: a relay that has more than it should is not read to the end. */
const MOST_ORDERS = 50_000;
const PAGE = 500;
const PATIENCE_MS = 30_000;

/** How a book is read. */
interface Reading {
  isWanted(order: BookOrder): boolean;
  readonly patienceMs: number;
}

const ANY: Reading = { isWanted: () => true, patienceMs: PATIENCE_MS };
/** Offers that lack energy for a relay, too. A whole book may take a while. */
const PROMISABLE: Reading = {
  isWanted: ({ state }) => state === "live" || state === "unbacked",
  patienceMs: 300_000,
};

/** Reads the orders that a settler may fill from relays. Each is asked by itself: one that fails or lies hinders no other. */
export class Relays {
  readonly #clients: ReadonlyMap<string, RelayClient>;
  readonly #settler: Address;
  readonly #report: Report;
  /** What hinders a relay at present. */
  readonly #troubles = new Map<string, string>();

  constructor(urls: readonly string[], settler: Address, report: Report) {
    this.#clients = new Map(urls.map((url) => [url, new RelayClient(url)]));
    this.#settler = settler;
    this.#report = report;
  }

  /** How many relays do not answer as relays. */
  get failing(): number {
    return this.#troubles.size;
  }

  /**
   * The limits for this settler, and the posted prices of minted energy, that the relays say are live. Nothing of them is verified
   * but their form.
   * @param toSlot Orders for later slots only are left out.
   */
  async orders(toSlot: number, signal: AbortSignal): Promise<SignedOrder[]> {
    const live = { state: "live", toSlot } as const;
    const read = await Promise.all([
      this.#read({ ...live, kind: "limit", settler: this.#settler }, signal),
      this.#read({ ...live, kind: "posted", forward: false }, signal),
    ]);
    return read.flat();
  }

  /**
   * The limits that could be filled were their energy known to the relays: offers may wait for readings that only we have.
   * @param from A microgrid, and the first slot of which its offers are wanted.
   * @throws MendableError when no relay has given all of them: half a book would be shared out for good
   */
  async promisable(
    from: readonly { readonly microgrid: number; readonly slot: number }[],
    signal: AbortSignal,
  ): Promise<SignedOrder[]> {
    const limits = { kind: "limit", settler: this.#settler } as const;
    const queries: readonly OrdersQuery[] = [
      { ...limits, side: "bid", state: "live" },
      ...from.map(
        ({ microgrid, slot }): OrdersQuery => ({
          ...{ ...limits, side: "offer", microgrid, fromSlot: slot, state: "all" },
        }),
      ),
    ];
    const books = await Promise.all(
      [...this.#clients].map(async ([url, client]) => {
        const parts = await Promise.all(
          queries.map((query) => this.#bookOf(url, client, query, signal, PROMISABLE)),
        );
        return parts.every(({ isWhole }) => isWhole) ? parts.flatMap(({ orders }) => orders) : [];
      }),
    );
    if (this.failing > 0 && books.every((orders) => orders.length === 0)) {
      const [[url, trouble] = []] = this.#troubles;
      throw new MendableError(
        `No relay gives its whole book (${url}: ${trouble}). Half a book is not shared out, since promises stand; it is tried again.`,
      );
    }
    return books.flat();
  }

  /** All orders that reach a slot, in whatever state. Nothing of them is verified but their form. */
  ordersOf(microgrid: number, slot: number, signal: AbortSignal): Promise<SignedOrder[]> {
    return this.#read({ microgrid, fromSlot: slot, toSlot: slot, state: "all" }, signal);
  }

  async #read(query: OrdersQuery, signal: AbortSignal): Promise<SignedOrder[]> {
    const books = await Promise.all(
      [...this.#clients].map(([url, client]) => this.#bookOf(url, client, query, signal, ANY)),
    );
    return books.flatMap(({ orders }) => orders);
  }

  async #bookOf(
    url: string,
    client: RelayClient,
    query: OrdersQuery,
    stop: AbortSignal,
    { isWanted, patienceMs }: Reading,
  ): Promise<{ readonly orders: SignedOrder[]; readonly isWhole: boolean }> {
    const orders: SignedOrder[] = [];
    let malformed = 0;
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]);
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
      return { orders, isWhole: true };
    } catch (error) {
      stop.throwIfAborted();
      this.#trouble(url, reasonOf(error));
      return { orders, isWhole: false };
    }
  }

  #well(url: string, malformed: number): void {
    if (malformed > 0) this.#trouble(url, `${malformed} of its orders are malformed and left out`);
    else if (this.#troubles.delete(url))
      this.#report(`The relay ${url} answers as it should again.`, { relay: url });
  }

  #trouble(url: string, reason: string): void {
    if (this.#troubles.get(url) !== reason) {
      this.#report(`The relay ${url}: ${reason}.`, { level: "warn", relay: url });
    }
    this.#troubles.set(url, reason);
  }
}

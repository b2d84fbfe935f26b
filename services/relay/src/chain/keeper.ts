import type { Deployment } from "@wattline/sdk";
import type { PublicClient } from "viem";
import type { OrderBook } from "../orderBook.ts";
import type { Database } from "../store/database.ts";
import type { Ledger } from "../store/ledger.ts";
import { Follower, type Following, type Outage } from "./follower.ts";
import { Standby } from "./standby.ts";

/**
 * Keeps the book at the chain's newest block: as the relay that leads, which judges it there, or behind the one that does. When
 * that one is gone, this one takes its place.
 */
export class Keeper {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #book: OrderBook;
  readonly #ledger: Ledger;
  readonly #outage: Outage;
  readonly #stopping: AbortSignal;
  #lead: Database | undefined;
  #place: Follower | Standby;
  #trouble: string | undefined;

  /** @param stopping Ends a reading of the chain. */
  constructor(
    client: PublicClient,
    deployment: Deployment,
    book: OrderBook,
    ledger: Ledger,
    outage: Outage,
    stopping: AbortSignal,
  ) {
    this.#client = client;
    this.#deployment = deployment;
    this.#book = book;
    this.#ledger = ledger;
    this.#outage = outage;
    this.#stopping = stopping;
    this.#place = new Standby(client, deployment, book, outage);
  }

  get following(): Following {
    const { following } = this.#place;
    return { ...following, trouble: this.#trouble };
  }

  /**
   * Takes the lead if nobody has it, and brings the book up to the chain's newest block.
   * @throws what the database or the RPC throws, or the signal's reason; the next call goes on from there.
   */
  async look(): Promise<void> {
    try {
      const lead = await this.#ledger.lead();
      if (lead !== this.#lead) {
        this.#place = await this.#placeOf(lead);
        this.#lead = lead;
      }
      await this.#place.look();
      if (lead === undefined) await this.#book.catchUp();
      else await this.#book.tidy();
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw error;
    }
  }

  async #placeOf(lead: Database | undefined): Promise<Follower | Standby> {
    const [client, deployment, book, outage] = [
      this.#client,
      this.#deployment,
      this.#book,
      this.#outage,
    ];
    return lead === undefined
      ? new Standby(client, deployment, book, outage)
      : Follower.create(client, deployment, book, lead, outage, this.#stopping);
  }
}

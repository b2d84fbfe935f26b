/** What shows that another relay lies. */
import type { StreamEvent } from "./client.ts";
import { Buckets } from "./limits/bucket.ts";
import type { PostResult } from "./wire.ts";

/** Another relay has said what can't be true. */
export class LieError extends Error {}

/**
 * What a lagging node, a delegate whose allowance has just ended, or a contract wallet that has changed its mind may make an honest
 * relay say: so much of it at once, and one more a minute.
 */
const DOUBTFUL = { burst: 20, perSecond: 1 / 60 };

/** Listens to one relay, and remembers what is doubtful of what it says. */
export class Witness {
  readonly #doubts = new Buckets(DOUBTFUL);

  /**
   * Compares what the relay says of orders with what they are found to be.
   * @throws LieError for what is false whatever the chain says, or too much that is doubtful
   */
  hear(events: readonly StreamEvent[], results: readonly PostResult[]): void {
    for (const [i, { order }] of events.entries()) {
      const result = results[i];
      // An order for another chain or another marketplace has another hash here.
      if (result?.hash !== order.hash)
        throw new LieError(`${order.hash} is no order of this market`);
      if (order.state !== "live" || !isUnsigned(result)) continue;
      if (order.signer === "maker") throw new LieError(`${order.hash} is not signed by its maker`);
      this.doubt(`${order.hash} is signed by nobody who may sign it`);
    }
  }

  /** @throws LieError when there have been too many doubts */
  doubt(what: string): void {
    if (this.#doubts.take("") > 0) throw new LieError(`${what}, and so were many before`);
  }
}

const isUnsigned = (result: PostResult): boolean =>
  result.status === "refused" && result.reasons.some(({ code }) => code === "Orders_BadSignature");

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { type Balancer, startBalancer } from "../../../test/support/balancer.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import type { LocalNode } from "../../relay/test/support/node.ts";
import { askAt } from "../client/graphql.ts";
import * as rows from "../client/rows.ts";
import { type RunningIndexer, startIndexer } from "./support/indexer.ts";
import { type Played, playOn } from "./support/played.ts";
import { randomActions } from "./support/randomActions.ts";
import { tablesAt } from "./support/tables.ts";

/** Between two reads of one page. */
const READ_MS = 100;

describe("Two indexers on one Postgres, behind a load balancer", function () {
  this.timeout(600_000);
  let played: Played;
  let chain: LocalNode | undefined;
  let balancer: Balancer | undefined;
  const indexers: RunningIndexer[] = [];

  before(async () => {
    const hours = { skipped: 44, slots: 8, households: 4, outage: [4, 6] } as const;
    [played, chain] = await playOn({ ...hours, market: "settle" });
    const database = new URL(await newDatabase());
    for (let i = 0; i < 2; i++) {
      const indexer = await startIndexer({ ...played, port: await freePort(), database });
      indexers.push(indexer);
      await indexer.caughtUp();
    }
    balancer = await startBalancer(indexers.map(({ url }) => url));
  });
  after(async () => {
    await balancer?.stop();
    for (const indexer of indexers) await indexer.end();
    await chain?.stop();
  });

  it("show no error and no step back while one is killed and comes back, and end with the same rows", async () => {
    const [one, other] = indexers;
    if (balancer === undefined || one === undefined || other === undefined)
      throw new Error("They do not run.");
    const reader = readAlways(balancer.url);
    const random = randomActions(played, 7);
    const act = async (times: number) => {
      for (let i = 0; i < times; i++) await random.perform(1).catch(unlessRefused);
    };
    await act(10);
    await reader.next(10);
    await Promise.all([act(15), one.killAndRestart(), reader.next(10)]);
    await act(10);
    await one.caughtUp();
    await other.caughtUp();
    await reader.next(10);
    const views = await reader.stop();

    for (const [i, count] of views.entries()) {
      expect(count, `transactions in view ${i}`).to.be.at.least(views[i - 1] ?? 0);
    }
    expect(views.at(-1)).to.be.above(views[0] ?? Infinity);
    for (const { url } of indexers) expect(balancer.served.get(url), url).to.be.above(5);
    const [ours, theirs] = [await tablesAt(one.url), await tablesAt(other.url)];
    expect(Object.keys(theirs)).not.to.be.empty;
    for (const table of Object.keys(theirs))
      expect(ours[table], table).to.deep.equal(theirs[table]);
  });
});

/** What the chain refuses of random deeds does not matter here. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof Error && error.message.includes("has reverted"))) throw error;
}

/** Somebody who reads through the load balancer all the time, and for whom no read may fail. */
function readAlways(url: string) {
  const { all } = askAt(url, fetch);
  /** How many transactions there were in each view: they only become more. */
  const views: number[] = [];
  let isOver = false;
  let failure: unknown;
  let hasRead = Promise.withResolvers<void>();
  const tell = () => {
    hasRead.resolve();
    hasRead = Promise.withResolvers();
  };
  const reading = (async () => {
    while (!isOver) {
      views.push((await all("transactions", "transactionFilter", rows.transaction, {})).length);
      tell();
      // As often as pages read: without an end to it, an indexer would do nothing else.
      await new Promise((resolve) => setTimeout(resolve, READ_MS));
    }
  })().catch((error: unknown) => {
    failure = error;
    tell();
  });
  return {
    /** Waits until it has read so many times more. */
    async next(count: number): Promise<void> {
      const until = views.length + count;
      while (views.length < until && failure === undefined) await hasRead.promise;
      if (failure !== undefined) throw failure;
    },
    async stop(): Promise<readonly number[]> {
      isOver = true;
      await reading;
      if (failure !== undefined) throw failure;
      return views;
    },
  };
}

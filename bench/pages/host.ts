/**
 * Chain, relay and the built app with a market, in a separate process: in a community they run on other machines than
 * the measured one. Reports the app's address, then buys an hour of energy for each requested trade, and ends when its
 * parent does.
 */
import { once } from "node:events";
import { packProfile, sourceIndex } from "@wattline/sdk";
import { seedMarket } from "../../frontend/test/support/market.ts";
import { openRelay } from "../../frontend/test/support/relay.ts";
import { openStack } from "../../frontend/test/support/stack.ts";

/** The message when everything is running. */
export interface Opened {
  readonly url: string;
}

/** The message about each trade. */
export interface Mined {
  /** Unix ms. */
  readonly minedAt: number;
}

// A terminal's Ctrl-C reaches both processes; this one ends with its parent.
process.on("SIGINT", () => undefined);
const letGo = once(process, "disconnect");

const stack = await openStack();
const { neighbour, spot, toCome, bids, far } = await seedMarket(stack);
const relay = await openRelay(stack.network);
await relay.post([...spot, ...toCome, ...bids, ...far.offers]);
stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });

process.on("message", (trade: number) => {
  // An error ends this process, and so the benchmark.
  void buyAnHour(trade).then(() => say({ minedAt: Date.now() }));
});
say({ url: stack.url });

await letGo;
await relay.close();
await stack.close();
process.exit();

function say(said: Opened | Mined): void {
  if (process.connected) process.send?.(said);
}

async function buyAnHour(trade: number): Promise<void> {
  const { wattline, morning } = stack;
  const [, offer] = spot;
  if (offer === undefined) throw new Error("There is no offer to buy.");
  const { firstBlock, words } = packProfile(new Map([[morning.firstSlot + 6 + trade, 100n]]));
  await wattline.send(neighbour.address, (o) =>
    wattline.marketplace.connect(neighbour.signer).accept(
      offer.order,
      offer.signature,
      {
        microgrid: 1,
        meter: neighbour.device.address,
        source: sourceIndex("Solar"),
        schedule: 0,
        takerSchedule: 0,
        firstBlock,
        energy: [...words],
        leastWh: 1,
        limit: 10n ** 9n,
        mostAhead: 0,
      },
      o,
    ),
  );
}

/**
 * Chain, relay and the built app with a market on them, as a process of its own: in a community they are other machines than
 * the one that is measured. Says where the app is, then buys an hour of energy for each trade that it is asked for, and
 * ends when whoever started it lets go of it.
 */
import { once } from "node:events";
import { packProfile, sourceIndex } from "@wattline/sdk";
import { seedMarket } from "../../frontend/test/support/market.ts";
import { openRelay } from "../../frontend/test/support/relay.ts";
import { openStack } from "../../frontend/test/support/stack.ts";

/** What it says once, when all is there. */
export interface Opened {
  readonly url: string;
}

/** What it says of each trade. */
export interface Mined {
  /** Unix ms. */
  readonly minedAt: number;
}

// A terminal's Ctrl-C reaches both processes; the other one's end is this one's.
process.on("SIGINT", () => undefined);
const letGo = once(process, "disconnect");

const stack = await openStack();
const { neighbour, spot, toCome, bids, far } = await seedMarket(stack);
const relay = await openRelay(stack.network);
await relay.post([...spot, ...toCome, ...bids, ...far.offers]);
stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });

process.on("message", (trade: number) => {
  // What is thrown ends the process, and thereby the bench.
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
        firstBlock,
        energy: [...words],
        limit: 10n ** 9n,
      },
      o,
    ),
  );
}

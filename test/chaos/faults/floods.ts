import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Dice, randomFrom } from "../../../services/relay/test/support/dice.ts";
import { at, type Fault } from "./fault.ts";

const AT_ONCE = 20;
/** More than a relay takes from one address, and so little that there is a machine left for everybody else. */
const PAUSE_MS = 100;
const OVERSIZE_BYTES = 3 * 1024 * 1024;
/** Not the address of the homes: a relay gives each address its share. */
const FLOODER = "127.0.0.9";
const PATIENCE_MS = 10_000;

/** A relay is sent nonsense, more than it takes. */
export const flooded: Fault = {
  name: "flooded",
  weight: 3,
  targets: ({ relays }) => [...relays.keys()],
  holds: (target) => [`flood ${target}`],
  async begin({ relayUrls }, target, dice) {
    const url = at(relayUrls, target);
    const agent = new Agent({ localAddress: FLOODER, keepAlive: true, maxSockets: AT_ONCE });
    const stop = new AbortController();
    const seeds = Array.from({ length: AT_ONCE }, () => String(dice.below(2 ** 32)));
    const flooders = seeds.map((seed) => flood(url, agent, randomFrom(seed), stop.signal));
    return {
      detail: "nonsense and documents that are too large are posted",
      async mend() {
        stop.abort();
        await Promise.all(flooders);
        agent.destroy();
      },
    };
  },
};

async function flood(url: string, agent: Agent, dice: Dice, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await post(url, agent, dice.pick(NONSENSE), signal);
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

const NONSENSE: readonly [string, ...string[]] = [
  "{",
  JSON.stringify({ orders: [{ order: { maker: "me" }, signature: "0x" }] }),
  JSON.stringify({ orders: Array.from({ length: 1_000 }, (_, i) => i) }),
  "x".repeat(OVERSIZE_BYTES),
  JSON.stringify({ orders: "[".repeat(50_000) }),
];

/** What the relay answers, and whether, is its own affair. */
function post(url: string, agent: Agent, body: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const options = { agent, method: "POST", headers, signal, timeout: PATIENCE_MS };
    const sent = request(`${url}/orders`, options, (response) => {
      response.resume();
      response.once("close", resolve);
    });
    sent.once("timeout", () => sent.destroy());
    sent.once("error", () => resolve());
    sent.end(body);
  });
}

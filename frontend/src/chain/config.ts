import type { Deployment } from "@wattline/sdk";
import { type Address, type Hex, isAddress, isHex } from "viem";
import * as z from "zod/mini";

const address = z.custom<Address>(
  (value) => typeof value === "string" && isAddress(value, { strict: false }),
  "not an address",
);
const privateKey = z.custom<Hex>(
  (value) => isHex(value) && value.length === 66,
  "not a 32-byte key in hexadecimal",
);
const url = z.url({ protocol: /^https?$/, error: "not an http address" });
const natural = z.number().check(z.int(), z.nonnegative());

const deployment: z.ZodMiniType<Deployment> = z.object({
  chainId: natural,
  marketplace: address,
  microgrids: address,
  meters: address,
  energy: address,
  board: address,
  fromBlock: natural,
});

const network = z.object({
  deployment,
  name: z.string().check(z.minLength(1)),
  rpcUrl: url,
  relayUrl: z.optional(url),
  indexerUrl: z.optional(url),
  /** The community's island node, which says what is promised while the chain is out of reach. */
  nodeUrl: z.optional(url),
  /** The auctioneer that sends, and pays for, what households without ether sign. */
  auctioneerUrl: z.optional(url),
  /** The service that pays fees for wallets that use one (ERC-7677). */
  paymasterUrl: z.optional(url),
  explorerUrl: z.optional(url),
  /** Where people get money of the currency. */
  moneyUrl: z.optional(url),
  currency: z.object({
    address,
    symbol: z.string(),
    decimals: natural.check(z.maximum(36)),
    name: z.string(),
    /** The microgrids that trade in it, for what wallets show before one signs; the first alone by default. */
    microgrids: z.optional(z.array(natural)),
  }),
  demo: z.optional(
    z.object({
      accounts: z
        .array(z.object({ name: z.string(), role: z.string(), address, privateKey }))
        .check(z.minLength(1)),
    }),
  ),
});

const wattline = z.object({ networks: z.array(network).check(z.minLength(1)) });

/** Where Wattline runs, and who tells about it: one entry of `/wattline.json`. */
export type Network = z.infer<typeof network>;
export type Networks = readonly [Network, ...Network[]];
export type DemoAccount = NonNullable<Network["demo"]>["accounts"][number];
export type Currency = Network["currency"];

/** The app can't know where Wattline is; the message says what is wrong with `/wattline.json`. */
export class ConfigError extends Error {}

/**
 * Fetches `/wattline.json`.
 * @throws ConfigError when it is missing or malformed.
 */
export async function loadNetworks(signal?: AbortSignal): Promise<Networks> {
  const response = await fetch("/wattline.json", { signal: signal ?? null }).catch(
    (error: unknown) => {
      throw new ConfigError(`/wattline.json could not be fetched: ${String(error)}`);
    },
  );
  if (!response.ok) throw new ConfigError(`/wattline.json answered ${response.status}.`);
  return parseNetworks(await response.text());
}

/**
 * Reads what `/wattline.json` says. Demo keys are dropped anywhere but on a local development chain.
 * @throws ConfigError that names each member at fault.
 */
export function parseNetworks(text: string): Networks {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ConfigError(
      "/wattline.json is no JSON. A host that answers every path with the app's own page does that: put the file beside it.",
    );
  }
  const parsed = wattline.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `${path.length > 0 ? path.join(".") : "the document"}: ${message}`,
    );
    throw new ConfigError(`/wattline.json is malformed. ${faults.join("; ")}`);
  }
  const [first, ...others] = parsed.data.networks.map(withoutForeignDemo);
  if (first === undefined) throw new ConfigError("/wattline.json names no network.");
  const ids = parsed.data.networks.map(({ deployment }) => deployment.chainId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new ConfigError(
      `/wattline.json names two networks with the chain id ${twice}. Wallets can't tell them apart: leave one out.`,
    );
  }
  return [first, ...others];
}

/** Chain id of Hardhat's and Anvil's development chains. */
const LOCAL_CHAIN_ID = 31_337;
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

function withoutForeignDemo(one: Network): Network {
  const local =
    one.deployment.chainId === LOCAL_CHAIN_ID && LOOPBACK.includes(new URL(one.rpcUrl).hostname);
  if (local) return one;
  const { demo: _, ...rest } = one;
  return rest;
}

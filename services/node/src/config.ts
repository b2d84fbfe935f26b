import path from "node:path";
import {
  clearSchema,
  gasSchema,
  mandateLimits,
  metricsSchema,
  type Settings,
} from "@wattline/auctioneer/config";
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { addressSchema, keyIn, keySchema } from "@wattline/common/keys";
import { MendableError } from "@wattline/common/mendable";
import { PORTS } from "@wattline/common/ports";
import { readToml } from "@wattline/common/toml";
import type { Deployment } from "@wattline/sdk";
import * as z from "zod";

/** What `node.toml` may say. `services/node/node.example.toml` explains each key to the operator. */

const text = z.string().min(1);
const port = z.int().min(1).max(65_535);

const url = z.url({ protocol: /^https?$/, error: "an address such as https://relay.example" });

const network = z
  .strictObject({
    host: text.default("127.0.0.1"),
    address: text.default("127.0.0.1"),
    gateway: port.default(PORTS.gateway),
    relay: port.default(PORTS.relay),
    indexer: port.default(PORTS.indexer),
    promises: port.default(PORTS.promises),
    mandates: port.default(PORTS.mandates),
    pages: port.default(PORTS.frontend),
    trusted_proxies: z.array(text).default([]),
    urls: z
      .strictObject({
        gateway: url,
        relay: url,
        indexer: url,
        promises: url,
        mandates: url,
        pages: url,
      })
      .partial()
      .default({}),
  })
  .refine(
    ({ gateway, relay, indexer, promises, mandates, pages }) =>
      new Set([gateway, relay, indexer, promises, mandates, pages]).size === 6,
    "a port of its own for each part",
  );

const schema = z.strictObject({
  data: text.default("wattline-node"),
  chain: z.strictObject({
    deployment: text,
    rpc_url: z.url({ protocol: /^https?$/, error: "an address such as http://127.0.0.1:8545" }),
  }),
  account: z.strictObject({ key: keySchema }),
  network: network.prefault({}),
  pages: z.strictObject({
    name: text,
    currency: z.strictObject({
      address: addressSchema,
      symbol: text,
      decimals: z.int().min(0).max(36),
      name: text,
      microgrids: z.array(z.int().positive()).min(1).optional(),
    }),
  }),
  outage: z
    .strictObject({
      offline_minutes: z.number().positive().max(1_440).default(10),
      hold_hours: z.number().positive().max(720).default(24),
    })
    .prefault({}),
  mandates: z.strictObject(mandateLimits).prefault({}),
  clear: clearSchema,
  gas: gasSchema,
  metrics: metricsSchema.optional(),
});

/** An island node's configuration, with what it points to. */
export interface NodeConfig extends z.output<typeof schema> {
  /** The deployment's file. */
  readonly deploymentFile: string;
  readonly deployment: Deployment;
}

/**
 * Reads `node.toml` and the deployment that it names.
 * @throws MendableError that names file, key and allowed values.
 */
export function readNodeConfig(file: string): NodeConfig {
  const read = readToml(file, schema, "services/node/node.example.toml");
  const folder = path.dirname(path.resolve(file));
  const deploymentFile = path.resolve(folder, read.chain.deployment);
  const { currency } = read.pages;
  if (/^0x0{39}1$/.test(currency.address)) {
    throw new MendableError(
      `${file}: pages.currency.address: expected the address of your community's currency.`,
    );
  }
  return {
    ...read,
    data: path.resolve(folder, read.data),
    account: { key: keyIn(folder, read.account.key) },
    deploymentFile,
    deployment: readDeployment(deploymentFile, deploymentSchema),
  };
}

/** Where things are in a node's folder. */
export const filesOf = ({ data }: Pick<NodeConfig, "data">) => ({
  chain: path.join(data, "chain.json"),
  relay: path.join(data, "relay"),
  indexer: path.join(data, "indexer"),
  auctioneer: path.join(data, "auctioneer"),
  pages: path.join(data, "wattline.json"),
  readings: path.join(data, "readings.json"),
});

/** The parts' addresses for browsers and agents on the network, where there is a reverse proxy its own. */
export const publicUrlsOf = ({ network }: Pick<NodeConfig, "network">) => ({
  ...urlsOf({ network }, network.address),
  ...network.urls,
});

/** The parts' addresses on this machine, or on a host. */
export const urlsOf = ({ network }: Pick<NodeConfig, "network">, host = "127.0.0.1") => {
  const at = (port: number): string => `http://${host}:${port}`;
  const { gateway, relay, indexer, promises, mandates, pages } = network;
  return {
    gateway: at(gateway),
    relay: at(relay),
    indexer: at(indexer),
    promises: at(promises),
    mandates: at(mandates),
    pages: at(pages),
  };
};

/** The auctioneer's settings: it reads the chain through the gateway, and orders from the node's relay. */
export function auctioneerSettings(config: NodeConfig): Settings {
  const { account, clear, gas, metrics, outage, mandates, network, deployment, deploymentFile } =
    config;
  const { host } = network;
  const urls = urlsOf(config);
  return {
    deployment,
    config: {
      data: filesOf(config).auctioneer,
      chain: { deployment: deploymentFile, rpc_url: urls.gateway },
      account,
      orders: { relays: [urls.relay], board: true },
      clear,
      gas,
      metrics,
      island: { ...outage, host, port: network.promises },
      mandates: { ...mandates, host, port: network.mandates },
    },
  };
}

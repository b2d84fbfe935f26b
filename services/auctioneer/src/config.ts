import path from "node:path";
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { keyIn, keySchema } from "@wattline/common/keys";
import { PORTS } from "@wattline/common/ports";
import { readToml } from "@wattline/common/toml";
import type { Deployment } from "@wattline/sdk";
import { parseEther } from "viem";
import * as z from "zod";

/** What `auctioneer.toml` may say. `auctioneer.example.toml` explains each key to the operator. */

const text = z.string().min(1);
const url = z.url({
  protocol: /^https?$/,
  error: "an address such as http://127.0.0.1:8570",
});

/** An amount of the chain's own currency, in wei. */
const ether = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,18})?$/, 'an amount in quotes, such as "0.01"')
  .transform((amount) => parseEther(amount));

/** What is shared out, and when. */
export const clearSchema = z
  .strictObject({
    microgrids: z.array(z.int().positive()).min(1).optional(),
    wait_minutes: z.number().nonnegative().max(10_080).default(15),
    forward_minutes: z.number().positive().max(10_080).default(60),
    releases: z.boolean().default(true),
  })
  .prefault({});

/** What it may cost. */
export const gasSchema = z.strictObject({
  most_a_day: ether,
  least_wh: z.int().positive().default(1),
  stuck_seconds: z.number().positive().default(60),
});

/** How much of what households have signed is sent. */
export const mandateLimits = {
  household_a_day: z.int().positive().default(20),
  all_a_day: z.int().positive().default(500),
};

/** Where `/metrics` and `/health` are. */
export const metricsSchema = z.strictObject({
  host: text.default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(PORTS.metrics),
});

const schema = z.strictObject({
  data: text.default("wattline-auctioneer"),
  chain: z.strictObject({ deployment: text, rpc_url: url }),
  account: z.strictObject({ key: keySchema }),
  orders: z
    .strictObject({ relays: z.array(url).default([]), board: z.boolean().default(true) })
    .refine(({ relays, board }) => relays.length > 0 || board, "relays, or board = true"),
  clear: clearSchema,
  gas: gasSchema,
  island: z
    .strictObject({
      host: text.default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(PORTS.promises),
      offline_minutes: z.number().positive().max(1_440).default(10),
      hold_hours: z.number().positive().max(720).default(24),
    })
    .optional(),
  mandates: z
    .strictObject({
      host: text.default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(PORTS.mandates),
      ...mandateLimits,
    })
    .optional(),
  metrics: metricsSchema.optional(),
});

export type Config = z.output<typeof schema>;

/** A configuration with what it points to. */
export interface Settings {
  readonly config: Config;
  readonly deployment: Deployment;
}

/**
 * Reads `auctioneer.toml` and the deployment that it names.
 * @throws MendableError that names file, key and allowed values.
 */
export function readSettings(file: string): Settings {
  const read = readToml(file, schema, "auctioneer.example.toml");
  const folder = path.dirname(path.resolve(file));
  const config = {
    ...read,
    data: path.resolve(folder, read.data),
    account: { key: keyIn(folder, read.account.key) },
  };
  const place = path.resolve(folder, read.chain.deployment);
  return { config, deployment: readDeployment(place, deploymentSchema) };
}

import * as z from "zod";
import { energyUnit, path, powerUnit, seconds, text, url } from "./parts.ts";

/** What `agent.toml` may say of a battery that the agent steers. */

const unit = z.enum(["%", ...energyUnit.options]);
const positive = z.enum(["charge", "discharge"]);
const stored = { path, unit };
const power = { path, unit: powerUnit, positive };

/** A text with places for the power. */
const hasPower = (template: string): boolean =>
  template.includes("{power_w}") ||
  (template.includes("{watts}") && template.includes("{direction}"));
const HAS_POWER = "{power_w}, or {watts} and {direction}, in the command";

const mqtt = z.strictObject({
  type: z.literal("mqtt"),
  broker: url(/^mqtts?$/, "mqtt://homeassistant.local:1883"),
  username: text.optional(),
  password_file: text.optional(),
  stored: z.strictObject({ topic: text, ...stored }),
  power: z.strictObject({ topic: text, ...power }).optional(),
  command: z.strictObject({
    topic: text,
    payload: text.refine(hasPower, HAS_POWER).default("{power_w}"),
    positive: positive.default("charge"),
  }),
});

const headers = z.record(z.string(), z.string()).default({});
const http = z.strictObject({
  type: z.literal("http"),
  url: url(/^https?$/, "http://192.168.1.40/api/v2/status"),
  every_seconds: seconds.default(10),
  headers,
  stored: z.strictObject(stored),
  power: z.strictObject(power).optional(),
  command: z
    .strictObject({
      url: text,
      method: z.enum(["GET", "POST", "PUT"]).default("POST"),
      body: text.optional(),
      headers,
      positive: positive.default("charge"),
    })
    .refine(({ url: address }) => /^https?:\/\//.test(address), "a command's url with http://")
    .refine(({ url: address, body = "" }) => hasPower(`${address} ${body}`), HAS_POWER),
});

const program = z.array(text).min(1);
const command = z.strictObject({
  type: z.literal("command"),
  read: program,
  every_seconds: seconds.default(30),
  stored: z.strictObject(stored),
  power: z.strictObject(power).optional(),
  command: program.refine((parts) => hasPower(parts.join(" ")), HAS_POWER),
  positive: positive.default("charge"),
});

const simulated = z.strictObject({
  type: z.literal("simulated"),
  stored_wh: z.int().nonnegative().default(0),
  every_seconds: seconds.default(10),
});

const link = z.discriminatedUnion("type", [mqtt, http, command, simulated], {
  error: "type to be one of mqtt, http, command, simulated",
});

/** Energy, or a share of the capacity. */
const share = z
  .string({ error: 'a share or energy in quotes, such as "20 %"' })
  .regex(/^\d+(\.\d+)? ?(%|Wh|kWh)$/, 'a share or energy such as "20 %" or "2000 Wh"');

export const steeringSchema = z
  .strictObject({
    capacity_wh: z.int().positive(),
    power_w: z.int().positive(),
    efficiency_percent: z.int().min(1).max(100).default(90),
    reserve: share.default("10 %"),
    feeds_in: z.boolean().default(false),
    stale_seconds: seconds.default(300),
    outage: z
      .strictObject({
        hours_ahead: z.int().min(1).max(48).default(12),
        reserve: share.default("90 %"),
        least: share.default("5 %"),
      })
      .optional(),
    link,
  })
  .refine((steering) => isKept(steering, steering.reserve), {
    path: ["reserve"],
    message: "no more than the battery's capacity",
  })
  .refine((steering) => !steering.outage || isKept(steering, steering.outage.reserve), {
    path: ["outage", "reserve"],
    message: "no more than the battery's capacity",
  })
  .refine(
    (steering) =>
      !steering.outage ||
      whOf(steering.outage.least, steering) <=
        whOf(least(steering, steering.reserve, steering.outage.reserve), steering),
    { path: ["outage", "least"], message: "no more than the reserves" },
  );

export type SteeringConfig = z.output<typeof steeringSchema>;
export type LinkConfig = SteeringConfig["link"];
export type MqttLinkConfig = Extract<LinkConfig, { type: "mqtt" }>;
export type HttpLinkConfig = Extract<LinkConfig, { type: "http" }>;
export type CommandLinkConfig = Extract<LinkConfig, { type: "command" }>;
export type SimulatedLinkConfig = Extract<LinkConfig, { type: "simulated" }>;
export type StoredConfig = z.output<typeof mqtt>["stored"];
export type BatteryPowerConfig = NonNullable<z.output<typeof mqtt>["power"]>;

/** A share of the capacity, or energy, in Wh. */
export function whOf(share: string, { capacity_wh: capacityWh }: { capacity_wh: number }): bigint {
  const { amount = "0", unit: of } =
    /^(?<amount>[\d.]+) ?(?<unit>%|Wh|kWh)$/.exec(share)?.groups ?? {};
  const factor = of === "%" ? capacityWh / 100 : of === "kWh" ? 1000 : 1;
  return BigInt(Math.round(Number(amount) * factor));
}

const isKept = (steering: { capacity_wh: number }, share: string): boolean =>
  whOf(share, steering) <= BigInt(steering.capacity_wh);

const least = (steering: { capacity_wh: number }, a: string, b: string): string =>
  whOf(a, steering) < whOf(b, steering) ? a : b;

import { addressSchema, keySchema } from "@wattline/common/keys";
import { PORTS } from "@wattline/common/ports";
import { SOURCES } from "@wattline/sdk";
import * as z from "zod";
import { steeringSchema } from "./battery.ts";
import { energyUnit, path, powerUnit, seconds, text, url } from "./parts.ts";

/** What `agent.toml` may say. `agent.example.toml` explains each key to the household. */

const port = z.int().min(1).max(65_535);

/** Registers of both directions, or power where there is no register. */
const oneOf = (values: { import?: unknown; export?: unknown; power?: unknown }): boolean =>
  (values.power === undefined) !== (values.import === undefined && values.export === undefined);
const ONE_OF = "import and export (registers), or power where there are none, and not both";

const meterName = {
  name: text.regex(/^[\w-]+$/, "letters, digits, - and _"),
};

const p1Serial = z.strictObject({
  ...meterName,
  type: z.literal("p1-serial"),
  path: text,
  baud: z.union([z.literal(115_200), z.literal(9_600)]).default(115_200),
  frame: z.enum(["8N1", "7E1"]).default("8N1"),
});
const p1Tcp = z.strictObject({ ...meterName, type: z.literal("p1-tcp"), host: text, port });
const p1File = z.strictObject({ ...meterName, type: z.literal("p1-file"), path: text });
const mqttMeter = z
  .strictObject({
    ...meterName,
    type: z.literal("mqtt"),
    broker: url(/^mqtts?$/, "mqtt://homeassistant.local:1883"),
    username: text.optional(),
    password_file: text.optional(),
    import: z.strictObject({ topic: text, path, unit: energyUnit }).optional(),
    export: z.strictObject({ topic: text, path, unit: energyUnit }).optional(),
    power: z
      .strictObject({ topic: text, path, unit: powerUnit, positive: z.enum(["import", "export"]) })
      .optional(),
  })
  .refine(oneOf, ONE_OF);
const httpMeter = z
  .strictObject({
    ...meterName,
    type: z.literal("http"),
    url: url(/^https?$/, "http://192.168.1.20/rpc/EMData.GetStatus?id=0"),
    every_seconds: seconds.default(10),
    headers: z.record(z.string(), z.string()).default({}),
    import: z.strictObject({ path, unit: energyUnit }).optional(),
    export: z.strictObject({ path, unit: energyUnit }).optional(),
    power: z
      .strictObject({ path, unit: powerUnit, positive: z.enum(["import", "export"]) })
      .optional(),
  })
  .refine(oneOf, ONE_OF);
/** What a meter file doesn't say; see the sdk's `Answers` and `Decisions`. */
const replay = z.strictObject({
  ...meterName,
  type: z.literal("replay"),
  path: text,
  /** Of a file with many: the meter's number in it. */
  meter: text.optional(),
  time_zone: text.optional(),
  unit: text.optional(),
  stamp: text.optional(),
  direction: z.enum(["import", "export"]).optional(),
  value_kind: text.optional(),
  date_order: text.optional(),
  decimal_mark: text.optional(),
  repeated_hour: text.optional(),
  skipped_hour: text.optional(),
  overlaps: z.enum(["keepFirst", "keepLast"]).optional(),
  negative: z.enum(["leaveOut", "asZero"]).optional(),
});
const simulated = z.strictObject({
  ...meterName,
  type: z.literal("simulated"),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  panels_w: z.number().nonnegative(),
  load_w: z.number().nonnegative(),
  every_seconds: seconds.default(10),
});

const meterTypes = [p1Serial, p1Tcp, p1File, mqttMeter, httpMeter, replay, simulated] as const;
const meter = z.discriminatedUnion("type", meterTypes, {
  error: "type to be one of p1-serial, p1-tcp, p1-file, mqtt, http, replay, simulated",
});

/** The most that a device is registered to export, in W. */
const capacity = z
  .int()
  .nonnegative()
  .max(2 ** 32 - 1);

/** Money as people write it, in the community's currency; in quotes, so that it stays exact. */
export const money = z
  .string({ error: 'an amount in quotes, such as "0.12"' })
  .regex(/^\d+(\.\d+)?$/, 'an amount such as "0.12"');

/** What the household allows its delegate. */
const trading = z.strictObject({
  relay: url(/^https?$/, "http://127.0.0.1:8570"),
  floor: money,
  ceiling: money,
  most_a_day: money,
  settler: z
    .union([z.literal("anyone"), addressSchema], 'an address, or "anyone"')
    .default("anyone"),
  posted: money.optional(),
  spot_hours: z.int().min(1).max(48).default(48),
  forward: z
    .strictObject({
      bond: money,
      hours: z.int().min(1).max(48).default(24),
      confidence: z.number().min(0.5).max(0.99).default(0.8),
    })
    .optional(),
  outage: z.strictObject({ give_to: addressSchema, percent: z.int().min(1).max(100) }).optional(),
});

const home = z.strictObject({
  name: text,
  microgrid: z.int().positive(),
  slot_minutes: z.literal([5, 15, 30, 60]).default(15),
  connection_w: z.int().positive().default(17_250),
  source: z.enum(SOURCES).default("Solar"),
  capacity_w: capacity.optional(),
  gaps: z.enum(["fill", "leave out"]).default("fill"),
  device: keySchema,
  delegate: keySchema.optional(),
  trading: trading.optional(),
  meters: z.array(meter).min(1),
  battery: z
    .strictObject({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      panels_w: z.int().nonnegative(),
      device: keySchema.optional(),
      capacity_w: capacity.optional(),
      steering: steeringSchema.optional(),
    })
    .optional(),
});

const report = z.discriminatedUnion(
  "by",
  [
    z.strictObject({
      by: z.literal("file"),
      file: text.default("readings.json"),
      every_minutes: seconds.default(15),
    }),
    z.strictObject({
      by: z.literal("transaction"),
      payer: keySchema,
      every_minutes: seconds.default(1_440),
    }),
    z.strictObject({
      by: z.literal("url"),
      url: url(/^https?$/, "https://submitter.example/readings"),
      every_minutes: seconds.default(1_440),
    }),
  ],
  { error: "by to be one of file, transaction, url" },
);

export const configSchema = z
  .strictObject({
    data: text.default("wattline-agent"),
    chain: z.strictObject({
      deployment: text,
      rpc_url: url(/^https?$/, "http://127.0.0.1:8545").optional(),
    }),
    report,
    page: z
      .strictObject({ host: text.default("127.0.0.1"), port: port.default(PORTS.agent) })
      .optional(),
    home_assistant: z
      .strictObject({
        broker: url(/^mqtts?$/, "mqtt://homeassistant.local:1883"),
        username: text.optional(),
        password_file: text.optional(),
        prefix: text.default("homeassistant"),
      })
      .optional(),
    homes: z.array(home).min(1),
  })
  .refine(({ report: { by }, chain }) => by !== "transaction" || chain.rpc_url !== undefined, {
    path: ["chain", "rpc_url"],
    message: "a node's address: reports by transaction need one",
  })
  .refine(
    ({ homes, chain }) => homes.every((each) => !each.trading || chain.rpc_url !== undefined),
    { path: ["chain", "rpc_url"], message: "a node's address: a home that trades needs one" },
  )
  .refine(({ homes }) => homes.every((each) => !each.trading || each.delegate !== undefined), {
    path: ["homes"],
    message: "a delegate's key for each home that trades: make one with agent keys delegate.json",
  })
  .refine(({ homes }) => homes.every(({ battery, trading }) => !battery?.steering || trading), {
    path: ["homes"],
    message: "trading for each home whose battery the agent steers: its prices come from there",
  })
  .refine(
    ({ homes }) =>
      homes.every(({ battery }) => !battery?.steering?.feeds_in || battery.device !== undefined),
    {
      path: ["homes"],
      message: "a battery's device where feeds_in = true: what it feeds in is reported by that",
    },
  )
  .refine(({ homes }) => isUnique(homes.flatMap(commandOf)), {
    path: ["homes"],
    message: "a battery of its own for each home: two would tell it different things",
  })
  .refine(({ homes }) => isUnique(homes.map(({ name }) => name)), {
    path: ["homes"],
    message: "homes with different names",
  })
  .refine(({ homes }) => homes.every(({ meters }) => isUnique(meters.map(({ name }) => name))), {
    path: ["homes"],
    message: "meters of a home with different names",
  });

/** Where a home's battery is told what to do. */
function commandOf({ battery }: z.output<typeof home>): string[] {
  const link = battery?.steering?.link;
  if (link === undefined || link.type === "simulated") return [];
  const { type, command } = link;
  return [JSON.stringify(type === "mqtt" ? [link.broker, command] : command)];
}

const isUnique = (names: readonly string[]): boolean => new Set(names).size === names.length;

export type Config = z.output<typeof configSchema>;
export type HomeConfig = Config["homes"][number];
export type MeterConfig = HomeConfig["meters"][number];
export type BatteryConfig = NonNullable<HomeConfig["battery"]>;
export type TradingConfig = NonNullable<HomeConfig["trading"]>;
export type ReportConfig = Config["report"];
export type MqttMeterConfig = Extract<MeterConfig, { type: "mqtt" }>;
export type HttpMeterConfig = Extract<MeterConfig, { type: "http" }>;
export type SerialMeterConfig = Extract<MeterConfig, { type: "p1-serial" }>;
export type TcpMeterConfig = Extract<MeterConfig, { type: "p1-tcp" }>;
export type ReplayConfig = Extract<MeterConfig, { type: "replay" }>;
export type SimulatedMeterConfig = Extract<MeterConfig, { type: "simulated" }>;

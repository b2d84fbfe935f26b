import type { MqttMeterConfig } from "../config/schema.ts";
import type { Sample } from "../metering/sample.ts";
import { openBroker } from "./broker.ts";
import { Channel } from "./channel.ts";
import type { MeterSource, SourceContext } from "./source.ts";
import { numberAt, powerW, registerWh } from "./values.ts";

/** A meter that publishes on a broker, as Home Assistant, Shelly and Tasmota do. Its time is that of arrival. */
export function mqttSource(config: MqttMeterConfig, context: SourceContext): MeterSource {
  return { samples: (signal) => samples(config, context, signal) };
}

async function* samples(
  config: MqttMeterConfig,
  { now, report }: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<Sample> {
  const channel = new Channel<Sample>();
  const reader = new MqttReader(config);
  const take = (topic: string, text: string) => {
    const sample = reader.take(topic, text, now());
    if (sample !== undefined) channel.push(sample);
  };
  const client = await openBroker(config, reader.topics, take, report, signal);
  try {
    yield* channel.until(signal);
  } finally {
    await client.endAsync(true);
  }
}

/** Makes samples of messages: registers come one at a time, so each message tells both as they stand. */
class MqttReader {
  readonly #config: MqttMeterConfig;
  readonly #registers: { import?: bigint; export?: bigint } = {};
  #lastMs = 0;

  constructor(config: MqttMeterConfig) {
    this.#config = config;
  }

  get topics(): string[] {
    const { import: drawn, export: fed, power } = this.#config;
    const topics = [drawn, fed, power].flatMap((value) => value?.topic ?? []);
    return [...new Set(topics)];
  }

  /** @throws AgentError when the message holds no such number. */
  take(topic: string, text: string, nowMs: number): Sample | undefined {
    // Both registers may come in one millisecond.
    const unixMs = nowMs === this.#lastMs ? nowMs + 1 : nowMs;
    this.#lastMs = unixMs;
    const { import: drawn, export: fed, power } = this.#config;
    if (power?.topic === topic) {
      return {
        kind: "power",
        unixMs,
        ...powerW(numberAt(text, power.path), power.unit, power.positive),
      };
    }
    if (drawn?.topic === topic) {
      this.#registers.import = registerWh(numberAt(text, drawn.path), drawn.unit);
    }
    if (fed?.topic === topic) {
      this.#registers.export = registerWh(numberAt(text, fed.path), fed.unit);
    }
    const { import: importWh, export: exportWh } = this.#registers;
    const isWhole =
      (drawn === undefined) === (importWh === undefined) &&
      (fed === undefined) === (exportWh === undefined);
    return isWhole ? { kind: "registers", unixMs, importWh, exportWh } : undefined;
  }
}

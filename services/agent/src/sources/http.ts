import { setTimeout as sleep } from "node:timers/promises";
import type { HttpMeterConfig } from "../config/schema.ts";
import { AgentError } from "../errors.ts";
import type { Sample } from "../metering/sample.ts";
import { reconnecting } from "./retry.ts";
import type { MeterSource, SourceContext } from "./source.ts";
import { numberAt, powerW, registerWh } from "./values.ts";

const PATIENCE_MS = 10_000;
/** No meter's answer is longer. */
const MOST_BYTES = 1_000_000;

/** A meter that is asked over HTTP: Shelly from the second generation on, and inverters. Its time is that of the answer. */
export function httpSource(config: HttpMeterConfig, context: SourceContext): MeterSource {
  const { url, every_seconds: everySeconds } = config;
  const poll = async function* (signal: AbortSignal): AsyncGenerator<Sample> {
    for (;;) {
      yield sampleIn(await ask(config, signal), config, context.now());
      await sleep(everySeconds * 1000, undefined, { signal });
    }
  };
  return { samples: (signal) => reconnecting(url, () => poll(signal), context, signal) };
}

/**
 * Asks a device for its answer, which it has ten seconds for.
 * @throws AgentError for an answer that is none, and what fetch throws
 */
export async function ask(
  { url, ...request }: Pick<HttpMeterConfig, "url" | "headers"> & RequestInit,
  signal: AbortSignal,
): Promise<string> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const response = await fetch(url, { ...request, signal: patience });
  if (!response.ok) throw new AgentError(`it answers with status ${response.status}`);
  const text = await response.text();
  if (text.length > MOST_BYTES) throw new AgentError(`its answer has ${text.length} characters`);
  return text;
}

function sampleIn(text: string, config: HttpMeterConfig, unixMs: number): Sample {
  const { import: drawn, export: fed, power } = config;
  if (power !== undefined) {
    return {
      kind: "power",
      unixMs,
      ...powerW(numberAt(text, power.path), power.unit, power.positive),
    };
  }
  const register = (value: typeof drawn): bigint | undefined =>
    value && registerWh(numberAt(text, value.path), value.unit);
  return { kind: "registers", unixMs, importWh: register(drawn), exportWh: register(fed) };
}

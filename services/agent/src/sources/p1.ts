import { P1Stream, type P1StreamEvent, type P1Telegram } from "@wattline/sdk/meterData/p1";
import type { Sample } from "../metering/sample.ts";
import type { SourceContext } from "./source.ts";

/** Telegrams that are damaged one after another are told of once. */
export async function* samplesOfP1(
  chunks: AsyncIterable<Uint8Array>,
  { now, report }: SourceContext,
): AsyncGenerator<Sample> {
  const stream = new P1Stream();
  let isDamaged = false;
  const samplesIn = function* (events: readonly P1StreamEvent[]): Generator<Sample> {
    for (const event of events) {
      if (event.kind === "telegram") {
        isDamaged = false;
        yield sampleOf(event.telegram, now());
      } else {
        if (!isDamaged) report(`A telegram was passed over: ${event.fault.message}`);
        isDamaged = true;
      }
    }
  };
  for await (const chunk of chunks) yield* samplesIn(stream.push(chunk));
  yield* samplesIn(stream.end());
}

/** A telegram without a time has that of its arrival. */
function sampleOf(telegram: P1Telegram, nowMs: number): Sample {
  const { unixSeconds, importWh, exportWh, importW, exportW, meterId, registers } = telegram;
  const unixMs = unixSeconds === undefined ? nowMs : unixSeconds * 1000;
  if (importWh === undefined && exportWh === undefined) {
    return { kind: "power", unixMs, importW: importW ?? 0, exportW: exportW ?? 0 };
  }
  const rollsOverAtWh = registers[0]?.rollsOverAtWh;
  return { kind: "registers", unixMs, importWh, exportWh, meterId, rollsOverAtWh };
}

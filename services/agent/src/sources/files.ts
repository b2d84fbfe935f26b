import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { ReplayConfig } from "../config/schema.ts";
import { AgentError } from "../errors.ts";
import type { Sample } from "../metering/sample.ts";
import { replayMeterFile } from "./meterFile.ts";
import { samplesOfP1 } from "./p1.ts";
import type { MeterSource, SourceContext } from "./source.ts";

/** Telegrams in a file. */
export const p1FileSource = (path: string, context: SourceContext): MeterSource => ({
  samples: (signal) => samplesOfP1(createReadStream(path, { signal }), context),
});

const HEAD = "time,import_wh,export_wh";

/**
 * A file, as fast as it can be read: a meter file of any format, or registers in a CSV file, `time` in ISO 8601 with its
 * offset, registers in whole Wh.
 */
export const replaySource = (config: ReplayConfig): MeterSource => ({
  async *samples(signal) {
    yield* (await isOfRegisters(config.path))
      ? replayRegisters(config.path, signal)
      : replayMeterFile(config, signal);
  },
});

async function isOfRegisters(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD.length), 0, HEAD.length, 0);
    return buffer.subarray(0, bytesRead).toString("latin1") === HEAD;
  } finally {
    await file.close();
  }
}

async function* replayRegisters(path: string, signal: AbortSignal): AsyncGenerator<Sample> {
  // Not tied to the signal: a file that is aborted after its reader has left ends the process with an error.
  const file = createReadStream(path);
  try {
    let row = 0;
    for await (const line of createInterface({ input: file })) {
      signal.throwIfAborted();
      row++;
      const text = line.trim();
      if (row === 1 && text !== HEAD) {
        throw new AgentError(
          `${path}, row 1 is ${JSON.stringify(text.slice(0, 60))}; expected ${HEAD}.`,
        );
      }
      if (row > 1 && text !== "") yield sampleIn(text, path, row);
    }
  } finally {
    file.destroy();
  }
}

function sampleIn(text: string, path: string, row: number): Sample {
  const [time = "", importWh = "", exportWh = "", ...more] = text.split(",");
  const unixMs = Date.parse(time);
  const expected = (column: string, value: string, what: string) =>
    new AgentError(
      `${path}, row ${row}, column ${column} is ${JSON.stringify(value)}; expected ${what}.`,
    );
  if (!/(Z|[+-]\d\d:\d\d)$/.test(time) || Number.isNaN(unixMs)) {
    throw expected("time", time, "a time with its offset, such as 2026-06-21T12:00:00+02:00");
  }
  for (const [column, value] of Object.entries({ import_wh: importWh, export_wh: exportWh })) {
    if (!/^\d{1,15}$/.test(value)) throw expected(column, value, "a register in whole Wh");
  }
  if (more.length > 0) throw expected("4", more[0] ?? "", "three columns");
  return { kind: "registers", unixMs, importWh: BigInt(importWh), exportWh: BigInt(exportWh) };
}

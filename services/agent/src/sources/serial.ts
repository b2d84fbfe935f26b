import { once } from "node:events";
import type { SerialMeterConfig } from "../config/schema.ts";
import { samplesOfP1 } from "./p1.ts";
import { reconnecting } from "./retry.ts";
import type { MeterSource, SourceContext } from "./source.ts";

/** DSMR 4 and later send at 115,200 baud, 8N1; DSMR 2.2 and 3.0 at 9,600 baud, 7E1 (P1 Companion Standards, chapter 5). */
const FRAMES = {
  "8N1": { dataBits: 8, parity: "none", stopBits: 1 },
  "7E1": { dataBits: 7, parity: "even", stopBits: 1 },
} as const;

/** A P1 port on a serial device. */
export function serialSource(config: SerialMeterConfig, context: SourceContext): MeterSource {
  const { path, baud: baudRate, frame } = config;
  const connect = async function* (signal: AbortSignal) {
    const { SerialPort } = await import("serialport");
    const port = new SerialPort({ path, baudRate, ...FRAMES[frame], autoOpen: false });
    const close = () => port.destroy();
    signal.addEventListener("abort", close);
    try {
      port.open();
      await once(port, "open", { signal });
      yield* samplesOfP1(port, context);
    } finally {
      signal.removeEventListener("abort", close);
      port.destroy();
    }
  };
  return {
    samples: (signal) => reconnecting(path, () => connect(signal), context, signal),
  };
}

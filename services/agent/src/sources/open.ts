import type { MeterConfig } from "../config/schema.ts";
import { p1FileSource, replaySource } from "./files.ts";
import { httpSource } from "./http.ts";
import { mqttSource } from "./mqtt.ts";
import { serialSource } from "./serial.ts";
import { simulatedSource } from "./simulated.ts";
import type { MeterSource, SourceContext } from "./source.ts";
import { tcpSource } from "./tcp.ts";

/** The source that a configuration names. */
export function openSource(config: MeterConfig, context: SourceContext): MeterSource {
  switch (config.type) {
    case "p1-serial":
      return serialSource(config, context);
    case "p1-tcp":
      return tcpSource(config, context);
    case "p1-file":
      return p1FileSource(config.path, context);
    case "mqtt":
      return mqttSource(config, context);
    case "http":
      return httpSource(config, context);
    case "replay":
      return replaySource(config);
    case "simulated":
      return simulatedSource(config, context);
  }
}

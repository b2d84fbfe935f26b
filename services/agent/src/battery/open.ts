import type { Battery } from "@wattline/sdk/battery";
import type { LinkConfig } from "../config/battery.ts";
import type { SourceContext } from "../sources/source.ts";
import { commandLink } from "./command.ts";
import { httpLink } from "./http.ts";
import type { BatteryLink } from "./link.ts";
import { mqttLink } from "./mqtt.ts";
import { simulatedLink } from "./simulated.ts";

/** The link that a configuration names. */
export function openLink(config: LinkConfig, battery: Battery, source: SourceContext): BatteryLink {
  const context = { ...source, capacityWh: battery.capacityWh };
  switch (config.type) {
    case "mqtt":
      return mqttLink(config, context);
    case "http":
      return httpLink(config, context);
    case "command":
      return commandLink(config, context);
    case "simulated":
      return simulatedLink(config, battery, context);
  }
}

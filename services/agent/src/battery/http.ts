import type { HttpLinkConfig } from "../config/battery.ts";
import { ask } from "../sources/http.ts";
import type { BatteryLink, LinkContext } from "./link.ts";
import { polled } from "./polled.ts";
import { commandText } from "./values.ts";

/** A battery that is asked and told over HTTP: inverters' local interfaces, and Home Assistant's. */
export function httpLink(config: HttpLinkConfig, context: LinkContext): BatteryLink {
  const { url, headers, command } = config;
  return {
    readings: (signal) => polled(url, config, () => ask({ url, headers }, signal), context, signal),
    async command(chargeW, signal) {
      const { method, body, positive } = command;
      const filled = (template: string) => commandText(template, chargeW, positive);
      await ask(
        {
          url: filled(command.url),
          headers: { ...headers, ...command.headers },
          method,
          ...(body !== undefined && { body: filled(body) }),
        },
        signal,
      );
    },
  };
}

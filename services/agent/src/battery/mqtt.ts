import type { MqttLinkConfig } from "../config/battery.ts";
import { AgentError } from "../errors.ts";
import { openBroker } from "../sources/broker.ts";
import { Channel } from "../sources/channel.ts";
import type { BatteryLink, BatteryReading, LinkContext } from "./link.ts";
import { chargeIn, commandText, storedIn } from "./values.ts";

/** At least once, so that a broker which is there has taken the command. */
const QOS = 1;

/** A battery on a broker, as Home Assistant, inverters and their bridges publish them. */
export function mqttLink(config: MqttLinkConfig, context: LinkContext): BatteryLink {
  const { stored, power, command } = config;
  let connected: Awaited<ReturnType<typeof openBroker>> | undefined;

  async function* readings(signal: AbortSignal): AsyncGenerator<BatteryReading> {
    const channel = new Channel<BatteryReading>();
    let storedCentiWh: bigint | undefined;
    let chargeW: number | undefined;
    const take = (topic: string, text: string) => {
      if (topic === stored.topic) storedCentiWh = storedIn(text, stored, context.capacityWh);
      if (topic === power?.topic) chargeW = chargeIn(text, power);
      if (storedCentiWh === undefined) return;
      channel.push({ unixMs: context.now(), storedCentiWh, chargeW });
    };
    const topics = [...new Set([stored.topic, ...(power ? [power.topic] : [])])];
    const client = await openBroker(config, topics, take, context.report, signal);
    connected = client;
    try {
      yield* channel.until(signal);
    } finally {
      connected = undefined;
      await client.endAsync(true);
    }
  }

  return {
    readings,
    async command(chargeW) {
      // A command that waits for its broker would come when it is wrong.
      if (!connected?.connected) throw new AgentError(`${config.broker} is not there`);
      const payload = commandText(command.payload, chargeW, command.positive);
      await connected.publishAsync(command.topic, payload, { qos: QOS });
    },
  };
}

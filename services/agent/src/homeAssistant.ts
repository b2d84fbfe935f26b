import { readSecret } from "@wattline/common/keys";
import type { MqttClient } from "mqtt";
import type { Config } from "./config/schema.ts";
import { reasonOf } from "./errors.ts";
import type { Home } from "./home.ts";
import { ENERGY, type Sensor } from "./sensor.ts";
import { tradingSensors } from "./trading/sensors.ts";
import type { Trader } from "./trading/trader.ts";

type HomeAssistantConfig = NonNullable<Config["home_assistant"]>;

const PUBLISH_MS = 10_000;

const meterSensors: readonly Sensor[] = [
  {
    id: "exported",
    name: "Energy exported",
    more: ENERGY,
    value: (home) => kwhOf(home, "exportWh"),
  },
  {
    id: "imported",
    name: "Energy imported",
    more: ENERGY,
    value: (home) => kwhOf(home, "importWh"),
  },
  {
    id: "waiting",
    name: "Blocks that wait to be reported",
    more: { state_class: "measurement" },
    value: (home) => `${home.journal.book.open().length}`,
  },
  { id: "state", name: "State", more: {}, value: stateOf },
];

/** Announces a home's sensors to Home Assistant and keeps them up to date. */
export async function startHomeAssistant(
  config: HomeAssistantConfig,
  homes: readonly Home[],
  traders: readonly Trader[],
  report: (message: string) => void,
): Promise<{ stop(): Promise<void> }> {
  const { broker, username, password_file: passwordFile, prefix } = config;
  const { connect } = await import("mqtt");
  const availability = `wattline/agent/${homes[0]?.device.address.toLowerCase()}/availability`;
  const sensorsOf = (home: Home): readonly Sensor[] => {
    const trader = traders.find((each) => each.home === home);
    return trader === undefined ? meterSensors : [...meterSensors, ...tradingSensors(trader)];
  };
  const client = connect(broker, {
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: readSecret(passwordFile).trimEnd() }),
    will: { topic: availability, payload: Buffer.from("offline"), qos: 1, retain: true },
  });
  let trouble: string | undefined;
  client.on("error", (error) => {
    const reason = reasonOf(error);
    if (reason !== trouble) report(`Home Assistant's broker ${broker} is not there: ${reason}`);
    trouble = reason;
  });
  client.on("connect", () => {
    trouble = undefined;
    announce(client, prefix, availability, homes, sensorsOf);
    client.publish(availability, "online", { qos: 1, retain: true });
    publish(client, homes, sensorsOf);
  });
  const timer = setInterval(() => {
    if (client.connected) publish(client, homes, sensorsOf);
  }, PUBLISH_MS);
  return {
    async stop() {
      clearInterval(timer);
      if (client.connected)
        await client.publishAsync(availability, "offline", { qos: 1, retain: true });
      await client.endAsync(!client.connected);
    },
  };
}

function announce(
  client: MqttClient,
  prefix: string,
  availability: string,
  homes: readonly Home[],
  sensorsOf: (home: Home) => readonly Sensor[],
): void {
  for (const home of homes) {
    const node = nodeOf(home);
    for (const { id, name, more, attributes } of sensorsOf(home)) {
      const description = {
        name,
        unique_id: `${node}_${id}`,
        state_topic: topicOf(home, id),
        ...(attributes && { json_attributes_topic: attributesTopicOf(home, id) }),
        availability_topic: availability,
        device: {
          identifiers: [node],
          name: `Wattline ${home.config.name}`,
          manufacturer: "Wattline",
        },
        ...more,
      };
      client.publish(`${prefix}/sensor/${node}/${id}/config`, JSON.stringify(description), {
        qos: 1,
        retain: true,
      });
    }
  }
}

function publish(
  client: MqttClient,
  homes: readonly Home[],
  sensorsOf: (home: Home) => readonly Sensor[],
): void {
  for (const home of homes) {
    for (const { id, value, attributes } of sensorsOf(home)) {
      const state = value(home);
      if (state !== undefined) client.publish(topicOf(home, id), state);
      const more = attributes?.(home);
      if (more !== undefined) client.publish(attributesTopicOf(home, id), JSON.stringify(more));
    }
  }
}

const nodeOf = ({ device }: Home): string =>
  `wattline_${device.address.slice(2, 12).toLowerCase()}`;

const topicOf = (home: Home, id: string): string => `wattline/agent/${nodeOf(home)}/${id}`;

const attributesTopicOf = (home: Home, id: string): string => `${topicOf(home, id)}/attributes`;

/** The registers of all meters of a home, in kWh. */
function kwhOf(home: Home, of: "importWh" | "exportWh"): string {
  const wh = home.status().reduce((sum, meter) => sum + (meter[of] ?? 0n), 0n);
  return `${wh / 1000n}.${(wh % 1000n).toString().padStart(3, "0")}`;
}

/** Nothing is read where no meter has told anything for so long. */
const SILENT_MS = 300_000;

function stateOf(home: Home): string {
  const now = Date.now();
  const isSilent = home
    .status()
    .some(({ lastMs }) => lastMs === undefined || now - lastMs > SILENT_MS);
  return isSilent ? "a meter is silent" : "reading";
}

import { readSecret } from "@wattline/common/keys";
import type { MqttClient } from "mqtt";
import { reasonOf } from "../errors.ts";

/** Where a broker is, and who we are there. */
export interface BrokerConfig {
  readonly broker: string;
  readonly username?: string | undefined;
  readonly password_file?: string | undefined;
}

const RECONNECT_MS = 5_000;

/**
 * Connects to a broker, again and again until it is there, and subscribes to topics.
 * @param take Is given each message as it is published. What a broker has kept may be of any age, and is not given.
 */
export async function openBroker(
  { broker, username, password_file: passwordFile }: BrokerConfig,
  topics: readonly string[],
  take: (topic: string, text: string) => void,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<MqttClient> {
  const { connect } = await import("mqtt");
  const password = passwordFile === undefined ? undefined : readSecret(passwordFile).trimEnd();
  const client = connect(broker, {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    reconnectPeriod: RECONNECT_MS,
  });
  let isDown = false;
  client.on("connect", () => {
    if (isDown) report(`${broker} is there again.`);
    isDown = false;
    client.subscribe([...topics]);
  });
  const down = (reason: string) => {
    if (!isDown && !signal.aborted)
      report(`${broker} is not there (${reason}); trying again until it is.`);
    isDown = true;
  };
  client.on("error", (error) => down(reasonOf(error)));
  client.on("close", () => down("the connection has ended"));
  client.on("message", (topic, payload, { retain }) => {
    if (retain) return;
    try {
      take(topic, payload.toString());
    } catch (error) {
      report(`${topic}: ${reasonOf(error)}`);
    }
  });
  return client;
}

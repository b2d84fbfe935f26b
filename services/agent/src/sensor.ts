import type { Home } from "./home.ts";

/** A sensor as Home Assistant's MQTT discovery describes it (home-assistant.io/integrations/sensor.mqtt). */
export interface Sensor {
  readonly id: string;
  readonly name: string;
  readonly more: Readonly<Record<string, string>>;
  /** Undefined while nothing is known. */
  readonly value: (home: Home) => string | undefined;
  /** What goes with the value, as JSON. */
  readonly attributes?: (home: Home) => object | undefined;
}

/** Of energy that only grows, or begins anew. */
export const ENERGY = {
  device_class: "energy",
  state_class: "total_increasing",
  unit_of_measurement: "kWh",
};

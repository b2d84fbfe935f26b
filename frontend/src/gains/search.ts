import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";
import { SAMPLES } from "./samples.ts";

const whole = (least: number, most: number) =>
  z.catch(
    z.optional(
      z.custom<number>(
        (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
      ),
    ),
    undefined,
  );

/** The most that a price may be, millionths per kWh: 10. */
export const MOST_PRICE = 10_000_000;
const price = whole(0, MOST_PRICE);

/** The most of what can be chosen. */
export const MOST = { neighbours: 30, street: 9_999, batteryKwh: 100, batteryKw: 50 } as const;

/** The page's search parameters: its assumptions, never data. What is missing is as usual. */
export const gainsSearch = z.extend(appSearch, {
  home: z.catch(z.optional(z.enum(SAMPLES)), undefined),
  neighbours: whole(1, MOST.neighbours),
  roofs: whole(0, MOST.neighbours),
  street: whole(1, MOST.street),
  /** Tenths of a degree, north and east positive. */
  latitude: whole(-650, 650),
  longitude: whole(-1800, 1800),
  /** Prices in millionths of the currency per kWh. */
  retail: price,
  feedIn: price,
  fee: price,
  price,
  /** kWh; 0: none. */
  battery: whole(0, MOST.batteryKwh),
  /** kW */
  power: whole(1, MOST.batteryKw),
  /** Percent. */
  efficiency: whole(1, 100),
});

export type GainsSearch = z.infer<typeof gainsSearch>;

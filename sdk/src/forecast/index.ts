/** What a home will export and import, from what its meter has counted. */
export type { ForecastError } from "./blend.ts";
export { Forecaster, type MeteredSlot, type SlotForecast } from "./forecaster.ts";

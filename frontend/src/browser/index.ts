/** Storage, time zone and parts of the app in this browser. Also works without a page, for tests in Node. */
export {
  isPartMissing,
  later,
  loadAhead,
  NotLoadedError,
  onPartMissing,
  patiently,
} from "./parts.ts";
export { saveAs } from "./save.ts";
export { forget, recall, remember } from "./storage.ts";
export { localZone } from "./zone.ts";

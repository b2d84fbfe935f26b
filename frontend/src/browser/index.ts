/** Storage and time zone of this browser. Also works without a page, for tests in Node. */
export { forget, recall, remember } from "./storage.ts";
export { localZone } from "./zone.ts";

/** What this browser knows by itself. Also for code without a page, as tests run it in Node. */
export { forget, recall, remember } from "./storage.ts";
export { localZone } from "./zone.ts";

export { gainsRoute } from "./route.ts";

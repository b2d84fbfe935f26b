export { microgridRoute } from "./route.ts";

export { marketRoute } from "./route.ts";

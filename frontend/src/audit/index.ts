export { auditRoute } from "./route.ts";

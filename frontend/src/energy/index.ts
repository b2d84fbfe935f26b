export { certificateRoute, deliveryRoute, energyRoute, statementRoute } from "./route.ts";

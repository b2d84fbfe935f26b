export { certificateRoute, energyRoute, statementRoute } from "./route.ts";

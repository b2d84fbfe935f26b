export { homeRoute } from "./route.ts";

export * from "./bills.ts";
export * from "./bulk.ts";
export * from "./clearing.ts";
export * from "./energyId.ts";
export * from "./money.ts";
export * from "./profile.ts";
export * from "./slots.ts";
export * from "./typedData.ts";

export * from "./audit.ts";
export * from "./chain.ts";
export * from "./checks.ts";
export * from "./plausibility.ts";
export * from "./questions.ts";
export * from "./rows.ts";
export type { IsAccepted } from "./scene.ts";
export * from "./signing.ts";
export type { AuditState } from "./state.ts";

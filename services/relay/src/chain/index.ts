/** How a chain is read, for others who judge orders. */

export { type SignatureCheck, signatureChecker } from "../verify/signatureCheck.ts";
export { type Head, type SignatureReading, Snapshot } from "./snapshot.ts";

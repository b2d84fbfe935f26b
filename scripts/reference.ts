/** `npm run reference`: writes docs/CONTRACTS.md from the interfaces' NatSpec. A test fails when this was forgotten. */
import { writeFileSync } from "node:fs";
import { REFERENCE, referenceText } from "./reference/reference.ts";

writeFileSync(REFERENCE, referenceText());
console.log(REFERENCE);

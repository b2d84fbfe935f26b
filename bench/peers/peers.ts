import type { System } from "../row.ts";
import { cow } from "./cow.ts";
import { seaport } from "./seaport.ts";
import { signedSale } from "./signedSale.ts";
import { textbook } from "./textbook.ts";
import { openZeppelin, solady } from "./tokens.ts";

/** What people would use instead. */
export const PEERS: readonly System[] = [signedSale, seaport, cow, openZeppelin, solady, textbook];

import type { Call } from "../chain/index.ts";

/** Something to be done on chain. */
export interface Deed {
  /** What it does, for the person: "Buy 3 kWh for €0.51". */
  readonly title: string;
  /** Calls of one transaction where they can be: all to one contract, or in a wallet that bundles calls. */
  readonly calls: readonly Call[];
}

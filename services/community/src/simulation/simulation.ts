import type { Community, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import type { Ledger } from "./ledger.ts";
import type { TieLine } from "./tieLine.ts";
import type { Trading } from "./trading.ts";

/** A running simulation: what its markets trade on, and what has happened there. */
export interface Simulation {
  readonly wattline: Deployment;
  readonly communities: readonly Community[];
  readonly trading: Trading;
  readonly ledger: Ledger;
  /** The tie line between two microgrids. */
  readonly line?: TieLine;
  /** An account outside all trades: clears batches and releases forwards. */
  readonly anyone: Person;
  /** Throws when the run is aborted. */
  check(): void;
}

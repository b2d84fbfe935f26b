import type { Deployment } from "@wattline/sdk";
import type {
  DeliveryFinding,
  DeliveryRequest,
  DeliveryStatement,
  DueRetirement,
  EventPlace,
} from "@wattline/sdk/statements";

/** The node that is asked, and where the contracts are on its chain. */
export interface AskedNode {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
}

/** A job for the worker. */
export type DeliveryJob = CheckJob | BuildJob;

/** Checks a statement; `retirement` asks what of it the statement shows to be used. */
export interface CheckJob {
  readonly kind: "check";
  readonly file: File;
  readonly retirement?: EventPlace | undefined;
}

/** Makes a statement from an export of the home agent. */
export interface BuildJob {
  readonly kind: "build";
  readonly file: File;
  readonly request: DeliveryRequest;
}

/** A statement, and what is wrong with it. */
export interface CheckedDelivery {
  readonly statement: DeliveryStatement;
  readonly findings: readonly DeliveryFinding[];
  /** The last block that was read. */
  readonly block: number;
  /** For a statement that was made: its file, and what has to be retired before all counts that could. */
  readonly made?: { readonly json: string; readonly due: readonly DueRetirement[] };
  /** What the statement shows to be used of the retirement that was asked about. Wh. */
  readonly usedWh: bigint;
}

export interface DeliveryProgress {
  /** Blocks. */
  readonly done: number;
  readonly of: number;
}

/** A message from the worker. */
export type DeliveryMessage =
  | ({ readonly kind: "progress" } & DeliveryProgress)
  | ({ readonly kind: "checked" } & CheckedDelivery)
  /** `isFile`: the file is no statement, or no export. */
  | { readonly kind: "failed"; readonly message: string; readonly isFile: boolean };

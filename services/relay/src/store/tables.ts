import type { OrderState, Signer } from "@wattline/sdk";
import type { Kysely } from "kysely";
import type { Address, Hex } from "viem";

export type Database = Kysely<Tables>;

/** The database's tables. Numbers above 53 bits are decimal strings. */
export interface Tables {
  readonly orders: OrderRow;
  readonly checkpoints: CheckpointRow;
  readonly positions: PositionRow;
  readonly microgrid_events: MicrogridEventRow;
  readonly peers: PeerRow;
  readonly directories: DirectoryRow;
  readonly meta: MetaRow;
}

export type SignerKind = Signer["by"];

/** A signed order and what is known about it. */
export interface OrderRow {
  readonly hash: Hex;
  readonly maker: Address;
  readonly meter: Address;
  readonly microgrid: number;
  readonly side: number;
  readonly sources: number;
  readonly first_slot: number;
  readonly last_slot: number;
  readonly energy: number;
  readonly price: string;
  readonly forward: boolean;
  readonly bond: string;
  readonly most_ahead: number;
  readonly crosses: boolean;
  readonly counterparty: Address;
  readonly settler: Address;
  readonly nonce: string;
  readonly counter: string;
  readonly deadline: number;
  readonly signature: Hex;
  readonly signer: SignerKind;
  /** The key that signed when it is not the maker's: a delegate's, or the one that the maker's lock names. */
  readonly signer_key: Address | null;
  readonly withdrawal: Hex | null;
  readonly state: OrderState;
  readonly remaining_wh: number;
  /** Unix seconds: see the sdk's `goodUntil`. */
  readonly good_until: number;
  /** The Unix second from which it may stand otherwise though nothing happens on chain; see `recheckAt`. */
  readonly recheck_at: number | null;
  readonly received_at: number;
  /** The sequence it came in with. */
  readonly received_sequence: number;
  /** The sequence of its last change. */
  readonly updated_sequence: number;
}

/** A block at which orders were judged. */
export interface CheckpointRow {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: number;
  /** JSON: what the blocks since the checkpoint before concerned. */
  readonly touched: string;
}

/** The two sides of a forward, which the log of a release does not name. */
export interface PositionRow {
  readonly id: Hex;
  readonly seller: Address;
  readonly buyer: Address;
}

/** How far another relay's stream has been followed. */
export interface PeerRow {
  readonly url: string;
  /** The id of the last event that was taken in. */
  readonly event_id: string;
}

/** The newest directory of names of a microgrid. */
export interface DirectoryRow {
  readonly microgrid: number;
  readonly version: number;
  /** JSON: a `SignedDirectory`, in the order of members in which it came. */
  readonly signed: string;
}

/** An event of the microgrids contract. */
export interface MicrogridEventRow {
  readonly block: number;
  readonly log_index: number;
  /** Of its block, Unix seconds. */
  readonly time: number;
  /** JSON: topics and data. */
  readonly log: string;
}

export interface MetaRow {
  readonly key: string;
  readonly value: string;
}

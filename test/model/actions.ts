import type { EnergyBySlot, Order } from "@wattline/sdk";
import type { Address } from "viem";
import type { Level, TieLine } from "../support/world.ts";

/** An order and who has signed it: its maker, a delegate, or somebody who may not. */
export interface SignedOrder {
  readonly order: Order;
  readonly signer: Address;
}

/** What a taker wants of a posted price; see `Take` in the interface IDeals. */
export interface Take {
  readonly microgrid: number;
  readonly meter: Address;
  readonly source: number;
  readonly schedule: number;
  readonly takerSchedule: number;
  readonly energyWh: EnergyBySlot;
  readonly leastWh: number;
  readonly limit: bigint;
  readonly mostAhead: number;
}

/** Energy of one offer of a batch that goes to one bid. */
export interface Match {
  readonly offer: number;
  readonly bid: number;
  readonly source: number;
  readonly schedule: number;
  readonly bidSchedule: number;
  readonly energyWh: EnergyBySlot;
}

/** Blocks of the position that was made as the `position`-th. */
export interface Release {
  readonly position: number;
  /** Counted from the position's first block. */
  readonly blocks: readonly number[];
}

export interface Founding {
  readonly slotSeconds: number;
  readonly reportingDeadline: number;
  readonly utcOffsetMinutes: number;
  readonly levelOfHour: bigint;
  readonly levels: readonly Level[];
  readonly dso: Address;
  readonly ration: number;
}

export interface Registration {
  readonly microgrid: number;
  readonly owner: Address;
  readonly meter: Address;
  readonly source: number;
  readonly capacityW: number;
}

/** What each kind of action says beside who does it. */
interface Particulars {
  found: Founding;
  schedule: {
    readonly microgrid: number;
    readonly firstSlot: number;
    readonly levelOfHour: bigint;
    readonly levels: readonly Level[];
  };
  setRation: { readonly microgrid: number; readonly ration: number };
  setDso: { readonly microgrid: number; readonly dso: Address };
  setIslanded: { readonly microgrid: number; readonly islanded: boolean };
  declareIslanded: {
    readonly microgrid: number;
    readonly firstSlot: number;
    readonly lastSlot: number;
  };
  setClosed: { readonly microgrid: number; readonly closed: boolean };
  handOver: { readonly microgrid: number; readonly successor: Address };
  acceptHandOver: { readonly microgrid: number };
  proposeTieLine: { readonly mine: number; readonly other: number; readonly line: TieLine };
  endTieLine: { readonly mine: number; readonly other: number };
  register: {
    readonly registration: Registration;
    readonly critical: boolean;
    readonly signer: Address;
  };
  handOverMeter: { readonly meter: Address; readonly to: Address };
  acceptMeter: { readonly meter: Address; readonly offer: number };
  moveMeter: { readonly meter: Address; readonly microgrid: number };
  setCritical: { readonly meter: Address; readonly critical: boolean };
  retireMeter: { readonly meter: Address };
  report: {
    readonly meter: Address;
    readonly signer: Address;
    readonly exportedWh: EnergyBySlot;
  };
  retire: {
    readonly microgrid: number;
    readonly source: number;
    readonly energyWh: EnergyBySlot;
  };
  deposit: { readonly amount: bigint };
  withdraw: { readonly amount: bigint; readonly to: Address };
  lock: { readonly settler: Address; readonly signer: Address; readonly until: number };
  cancel: { readonly nonces: readonly bigint[] };
  cancelAll: object;
  authorize: { readonly delegate: Address; readonly amount: bigint; readonly until: number };
  accept: { readonly signed: SignedOrder; readonly take: Take };
  reserve: { readonly signed: SignedOrder; readonly take: Take };
  settle: {
    readonly orders: readonly SignedOrder[];
    readonly signatures: number;
    readonly matches: readonly Match[];
  };
  release: { readonly releases: readonly Release[] };
  undelivered: { readonly releases: readonly Release[] };
  wait: { readonly seconds: number };
}

export type Kind = keyof Particulars;

/** An action of a kind; `who` sends it. */
export type ActionOf<K extends Kind> = K extends Kind
  ? { readonly kind: K; readonly who: Address } & Particulars[K]
  : never;

/** What anyone can do to the market, in the terms of the field. */
export type Action = ActionOf<Kind>;

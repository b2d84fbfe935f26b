import type { EnergyBySlot, Mode, Order, Source } from "@wattline/sdk";
import type { Address } from "viem";

/** An order and who has signed it: its maker, a delegate, or somebody who may not. */
export interface SignedOrder {
  readonly order: Order;
  readonly signer: Address;
}

export interface Take {
  readonly microgrid: number;
  readonly meter: Address;
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
  readonly limit: bigint;
}

/** Somebody takes of an order. */
export interface Trade {
  readonly who: Address;
  readonly signed: SignedOrder;
  readonly take: Take;
}

export interface Match {
  readonly offer: number;
  readonly bid: number;
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
}

/** The terms of a forward: see `Position` in the contracts. */
export interface Position {
  readonly seller: Address;
  readonly buyer: Address;
  readonly meter: Address;
  readonly source: Source;
  readonly from: number;
  readonly to: number;
  readonly price: bigint;
  readonly charge: bigint;
  readonly bond: bigint;
  readonly lossBps: bigint;
}

export interface TieLine {
  readonly lossBps: bigint;
  readonly capacityWh: bigint;
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}

export interface Tariffs {
  readonly feedIn: bigint;
  readonly retail: bigint;
  readonly networkFee: bigint;
  readonly islandPriceCap: bigint;
  readonly islandRationWh: bigint;
}

/** What anyone can do to the market, in the terms of the field; `who` sends it. */
export type Action =
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "deposit"; readonly who: Address; readonly amount: bigint }
  | {
      readonly kind: "withdraw";
      readonly who: Address;
      readonly amount: bigint;
      readonly to: Address;
    }
  | { readonly kind: "lock"; readonly who: Address; readonly until: number }
  | { readonly kind: "cancel"; readonly who: Address; readonly nonces: readonly bigint[] }
  | { readonly kind: "cancelAll"; readonly who: Address }
  | {
      readonly kind: "authorize";
      readonly who: Address;
      readonly delegate: Address;
      readonly allowance: bigint;
    }
  | ({ readonly kind: "accept" | "reserve" } & Trade)
  | {
      readonly kind: "settle";
      readonly who: Address;
      readonly batch: readonly SignedOrder[];
      readonly signatures: number;
      readonly matches: readonly Match[];
    }
  | {
      readonly kind: "release";
      readonly who: Address;
      readonly releases: readonly { readonly position: Position; readonly block: number }[];
    }
  | {
      readonly kind: "report";
      readonly who: Address;
      readonly meter: Address;
      readonly signer: Address;
      readonly exportedWh: EnergyBySlot;
    }
  | {
      readonly kind: "retire";
      readonly who: Address;
      readonly microgrid: number;
      readonly source: Source;
      readonly energyWh: EnergyBySlot;
    }
  | {
      readonly kind: "handOverMeter";
      readonly who: Address;
      readonly meter: Address;
      readonly to: Address;
    }
  | { readonly kind: "retireMeter"; readonly who: Address; readonly meter: Address }
  | {
      readonly kind: "setMode";
      readonly who: Address;
      readonly microgrid: number;
      readonly mode: Mode;
    }
  | {
      readonly kind: "setTariffs";
      readonly who: Address;
      readonly microgrid: number;
      readonly tariffs: Tariffs;
    }
  | {
      readonly kind: "proposeTieLine";
      readonly who: Address;
      readonly mine: number;
      readonly other: number;
      readonly line: TieLine;
    };

export type ActionOf<Kind extends Action["kind"]> = Extract<Action, { kind: Kind }>;

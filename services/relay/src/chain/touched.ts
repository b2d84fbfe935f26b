import {
  boardAbi,
  energyTokenAbi,
  marketplaceAbi,
  metersAbi,
  type SignedOrder,
} from "@wattline/sdk";
import { type Address, type Hex, type Log, parseEventLogs } from "viem";

/** Whose orders may have changed. */
export interface Touched {
  readonly makers: ReadonlySet<Address>;
  readonly meters: ReadonlySet<Address>;
  readonly microgrids: ReadonlySet<number>;
}

/** The two sides of a forward. */
export interface Parties {
  readonly seller: Address;
  readonly buyer: Address;
}

/** What logs change about the book. */
export interface LogEffects {
  readonly touched: Touched;
  /** Forwards reserved. */
  readonly positions: ReadonlyMap<Hex, Parties>;
  /** Forwards released: their two sides are concerned, and the log does not name them. */
  readonly released: ReadonlySet<Hex>;
  /** Whether charges were paid, which changes the DSOs' accounts. */
  readonly charged: boolean;
  /** Orders posted on the board. */
  readonly pinned: readonly SignedOrder[];
}

export const NOTHING_TOUCHED: Touched = {
  makers: new Set(),
  meters: new Set(),
  microgrids: new Set(),
};

export const union = (parts: readonly Touched[]): Touched => ({
  makers: new Set(parts.flatMap(({ makers }) => [...makers])),
  meters: new Set(parts.flatMap(({ meters }) => [...meters])),
  microgrids: new Set(parts.flatMap(({ microgrids }) => [...microgrids])),
});

export const touchedToJson = ({ makers, meters, microgrids }: Touched): string =>
  JSON.stringify({ makers: [...makers], meters: [...meters], microgrids: [...microgrids] });

export function touchedFromJson(json: string): Touched {
  const { makers, meters, microgrids } = JSON.parse(json);
  return { makers: new Set(makers), meters: new Set(meters), microgrids: new Set(microgrids) };
}

const ABI = [...marketplaceAbi, ...metersAbi, ...energyTokenAbi, ...boardAbi] as const;

/**
 * Reads what the logs of marketplace, meters, token and board change about orders. Everything that can change whether an order
 * may be traded leaves a log that names whom it concerns, except releases (see {@link LogEffects.released}) and charges.
 */
export function effectsOf(logs: readonly Log[]): LogEffects {
  const makers = new Set<Address>();
  const meters = new Set<Address>();
  const positions = new Map<Hex, Parties>();
  const released = new Set<Hex>();
  const pinned: SignedOrder[] = [];
  let charged = false;
  for (const log of parseEventLogs({ abi: ABI, logs: [...logs] })) {
    switch (log.eventName) {
      case "Deposited":
      case "Withdrawn":
      case "Locked":
      case "AllCancelled":
        makers.add(log.args.holder);
        break;
      case "Cancelled":
      case "Authorized":
      case "Drawn":
        makers.add(log.args.maker);
        break;
      case "Traded":
        makers.add(log.args.maker).add(log.args.taker);
        charged = true;
        break;
      case "Matched":
        // The two sides are in the token's transfers of the same call.
        charged = true;
        break;
      case "Reserved": {
        const { seller, buyer } = log.args.position;
        positions.set(log.args.positionId, { seller, buyer });
        makers.add(seller).add(buyer);
        break;
      }
      case "Released":
        released.add(log.args.positionId);
        charged = true;
        break;
      case "TransferSingle":
      case "TransferBatch":
        makers.add(log.args.from).add(log.args.to);
        break;
      case "MeterRegistered":
      case "MeterOffered":
      case "MeterHandedOver":
      case "MeterMoving":
      case "MeterRetired":
      case "CriticalSet":
        meters.add(log.args.meter);
        break;
      case "Pinned":
        pinned.push({ order: log.args.order, signature: log.args.signature });
        break;
    }
  }
  const touched = { ...NOTHING_TOUCHED, makers, meters };
  return { touched, positions, released, charged, pinned };
}

import {
  type Address,
  type DecodeEventLogReturnType,
  decodeAbiParameters,
  type Hex,
  toEventSelector,
} from "viem";
import { energyTokenAbi } from "../abi/energyToken.ts";
import { marketplaceAbi } from "../abi/marketplace.ts";
import { metersAbi } from "../abi/meters.ts";
import { microgridsAbi } from "../abi/microgrids.ts";
import { once } from "../once.ts";
import { checksummed, decoderOf, readerOf } from "./decode.ts";

/** A log as a node returns it. */
export interface ChainLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  /** Its index in the block. */
  readonly logIndex: number;
}

type MarketEvent = DecodeEventLogReturnType<typeof marketplaceAbi>;
type MetersEvent = DecodeEventLogReturnType<typeof metersAbi>;
type MicrogridsEvent = DecodeEventLogReturnType<typeof microgridsAbi>;
type EnergyEvent = DecodeEventLogReturnType<typeof energyTokenAbi>;

/** An event of Wattline's contracts, its arguments as viem decodes them: numbers below 2^48, else bigints. */
export type HistoryEvent = (MarketEvent | MetersEvent | MicrogridsEvent | EnergyEvent) & {
  readonly logIndex: number;
};

/** The event with this name. */
export type EventNamed<Name extends HistoryEvent["eventName"]> = Extract<
  HistoryEvent,
  { eventName: Name }
>;

/** The contracts' addresses. */
export interface Contracts {
  readonly marketplace: Address;
  readonly microgrids: Address;
  readonly meters: Address;
  readonly energy: Address;
}

interface EventInput {
  readonly name: string;
  readonly type: string;
  readonly indexed?: boolean;
}

interface Shape {
  readonly name: string;
  readonly indexed: readonly EventInput[];
  readonly plain: readonly EventInput[];
  /** Reads the inputs that are not indexed, if that can be done directly from the digits. */
  readonly decode: ReturnType<typeof decoderOf>;
}

/** The events of an ABI by their first topic: hashed once, not for each log. */
function shapesOf(abi: readonly unknown[]): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const item of abi) {
    if (!isEvent(item)) continue;
    const plain = item.inputs.filter(({ indexed }) => !indexed);
    shapes.set(toEventSelector(item), {
      name: item.name,
      indexed: item.inputs.filter(({ indexed }) => indexed),
      plain,
      decode: decoderOf(plain.map(({ type }) => type)),
    });
  }
  return shapes;
}

interface EventItem {
  readonly type: "event";
  readonly name: string;
  readonly inputs: readonly EventInput[];
}

const isEvent = (item: unknown): item is EventItem =>
  typeof item === "object" && item !== null && "type" in item && item.type === "event";

const marketShapes = once(() => shapesOf(marketplaceAbi));
const meterShapes = once(() => shapesOf(metersAbi));
const microgridShapes = once(() => shapesOf(microgridsAbi));
const energyShapes = once(() => shapesOf(energyTokenAbi));

/** A log of one of the contracts' addresses can't be decoded: it is not from a contract of Wattline. */
export class MalformedLogError extends Error {}

/**
 * Decodes a log of Wattline's contracts.
 * @returns undefined for a log of another contract, or an event that Wattline does not know.
 * @throws MalformedLogError when its topics or data do not fit the event.
 */
export function decodeLog(contracts: Contracts, log: ChainLog): HistoryEvent | undefined {
  const shapes = shapesAt(contracts, log.address);
  const shape = shapes?.get(log.topics[0] ?? "");
  if (shape === undefined) return undefined;
  try {
    const args: Record<string, unknown> = {};
    shape.indexed.forEach((input, index) => {
      const topic = log.topics[index + 1];
      if (topic?.length !== 66) throw new RangeError(`${input.name} has no topic of 32 bytes.`);
      args[input.name] = readerOf(input.type)?.(topic.slice(2));
    });
    if (shape.plain.length > 0) {
      const values = shape.decode?.(log.data) ?? decodeAbiParameters(shape.plain, log.data);
      shape.plain.forEach((input, index) => {
        args[input.name] = values[index];
      });
    }
    // The arguments have the types of the ABI that they were decoded by.
    return { eventName: shape.name, args, logIndex: log.logIndex } as HistoryEvent;
  } catch (error) {
    throw new MalformedLogError(
      `Log ${log.logIndex} of ${log.address} is no ${shape.name}: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    );
  }
}

function shapesAt(contracts: Contracts, address: Address): ReadonlyMap<string, Shape> | undefined {
  const at = checksummed(address);
  if (at === contracts.marketplace) return marketShapes();
  if (at === contracts.energy) return energyShapes();
  if (at === contracts.microgrids) return microgridShapes();
  return at === contracts.meters ? meterShapes() : undefined;
}

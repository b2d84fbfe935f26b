import { type Address, type Hex, isAddressEqual } from "viem";
import type { Source } from "../../energyId.ts";
import { coveredSlots, type EnergyBySlot } from "../../profile.ts";
import { slotCount } from "../../slots.ts";
import type {
  Delivery,
  EventPlace,
  Retirement,
  StatementHistory,
  StatementPeriod,
} from "../history.ts";
import { type Claim, countSlots, type SlotCount, type SlotWh } from "./count.ts";
import { type DeliveryOf, deliveryId, deliveryPurpose, statementOfPurpose } from "./identity.ts";
import {
  type DeliveryStatement,
  deliveryStatementSchema,
  type SignedImport,
  STATEMENT_FORMAT,
} from "./schema.ts";

/** A household and the slots for which it wants a statement. */
export interface DeliveryRequest extends StatementPeriod {
  readonly household: Address;
}

/** Energy to be retired with a purpose, so that it counts. */
export interface DueRetirement {
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
  readonly purpose: string;
}

/** A statement, and what has to be retired before it counts all that it could. */
export interface BuiltDelivery {
  readonly statement: DeliveryStatement;
  readonly due: readonly DueRetirement[];
}

/** Slots of a leap year of five-minute slots: more is a mistake in the period. */
const MOST_SLOTS = 366 * 288;

/**
 * The statement of a household for a period, from its signed import and the chain's history. Purchases from the grid are
 * left out: the supplier bills them already.
 * @param imports As the device signed them; those outside of the period are left out.
 * @throws RangeError when the microgrid is unknown, or the period is empty or longer than a year.
 */
export function buildDelivery(
  history: StatementHistory,
  request: DeliveryRequest,
  imports: readonly SignedImport[],
): BuiltDelivery {
  const { household, microgrid, firstSlot, lastSlot } = request;
  const place = history.microgrids.get(microgrid);
  if (place === undefined) throw new RangeError(`The chain has no microgrid ${microgrid}.`);
  const slots = slotCount(request);
  if (slots < 1 || slots > MOST_SLOTS) {
    throw new RangeError(`A statement covers 1 to ${MOST_SLOTS} slots, not ${slots}.`);
  }
  const { chainId, contracts } = history;
  const { slotSeconds } = place;
  const of: DeliveryOf = { chainId, contracts, household, microgrid, firstSlot, lastSlot };
  const id = deliveryId(of);
  const inPeriod = imports.filter((signed) => importedIn(signed, request).size > 0);
  const purchases = history.deliveries.flatMap((delivery) => {
    const energyWh = isPurchaseOf(delivery, request) ? cut(delivery.arrivedWh, request) : [];
    const { transaction, logIndex, seller, source } = delivery;
    return energyWh.length === 0 ? [] : [{ transaction, logIndex, seller, source, energyWh }];
  });
  const retirements = history.retirements.flatMap((retirement) => {
    const energyWh = isFor(retirement, request, id) ? cut(retirement.energyWh, request) : [];
    const { transaction, logIndex, source } = retirement;
    return energyWh.length === 0 ? [] : [{ transaction, logIndex, source, energyWh }];
  });
  const { slots: counted } = countSlots({
    slotSeconds,
    importedWh: sumImports(inPeriod, request),
    purchases,
    claims: claimsOf(history, request, id, () => true),
  });
  const statement: DeliveryStatement = {
    format: STATEMENT_FORMAT,
    id,
    chainId,
    contracts,
    household,
    microgrid,
    slotSeconds: slotSecondsOf(slotSeconds),
    firstSlot,
    lastSlot,
    imports: inPeriod,
    purchases,
    retirements,
    slots: counted.map(({ dueWh, ...slot }) => slot),
    countsWh: counted.reduce((sum, { countsWh }) => sum + countsWh, 0n),
  };
  return { statement, due: dueOf(counted, id) };
}

/** Whether a delivery is a purchase that can count for the household: from a neighbour, arrived in its microgrid. */
export const isPurchaseOf = (
  { buyer, to, isWithGrid }: Delivery,
  { household, microgrid }: DeliveryRequest,
): boolean => isAddressEqual(buyer, household) && to === microgrid && !isWithGrid;

/** Whether a household retired energy for itself and for this statement. */
export const isFor = (
  { holder, beneficiary, microgrid, purpose }: Retirement,
  request: DeliveryRequest,
  id: Hex,
): boolean =>
  isAddressEqual(holder, request.household) &&
  isAddressEqual(beneficiary, request.household) &&
  microgrid === request.microgrid &&
  statementOfPurpose(purpose) === id;

/**
 * What a household retired for this statement, and for others, in the chain's order.
 * @param isListed Whether the statement names a retirement that was made for it.
 */
export const claimsOf = (
  { retirements }: StatementHistory,
  request: DeliveryRequest,
  id: Hex,
  isListed: (place: EventPlace) => boolean,
): (Claim & EventPlace)[] =>
  retirements.flatMap((retirement) => {
    const other = statementOfPurpose(retirement.purpose);
    if (other === undefined || !isFor(retirement, request, other)) return [];
    const isOurs = other === id;
    if (isOurs && !isListed(retirement)) return [];
    return [{ ...retirement, energyWh: cut(retirement.energyWh, request), isOurs }];
  });

/** Energy in the slots of the period, in order; slots without energy are left out. */
export const cut = (energyWh: EnergyBySlot, period: StatementPeriod): SlotWh[] =>
  [...energyWh]
    .filter(([slot, wh]) => isIn(slot, period) && wh > 0n)
    .sort(([a], [b]) => a - b)
    .map(([slot, wh]) => ({ slot, wh }));

const isIn = (slot: number, { firstSlot, lastSlot }: StatementPeriod): boolean =>
  slot >= firstSlot && slot <= lastSlot;

/** What a signed import says of the slots of the period. */
export const importedIn = (
  { firstBlock, imported }: Pick<SignedImport, "firstBlock" | "imported">,
  period: StatementPeriod,
): Map<number, bigint> =>
  new Map(
    [...coveredSlots({ firstBlock, words: imported })].filter(([slot]) => isIn(slot, period)),
  );

/** Import by slot, over all meters. */
export function sumImports(
  imports: readonly SignedImport[],
  period: StatementPeriod,
): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const signed of imports) {
    for (const [slot, wh] of importedIn(signed, period)) {
      sums.set(slot, (sums.get(slot) ?? 0n) + wh);
    }
  }
  return sums;
}

function dueOf(counted: readonly SlotCount[], id: Hex): DueRetirement[] {
  const bySource = new Map<Source, Map<number, bigint>>();
  for (const { slot, dueWh } of counted) {
    for (const [source, wh] of dueWh) {
      bySource.set(source, (bySource.get(source) ?? new Map()).set(slot, wh));
    }
  }
  const purpose = deliveryPurpose(id);
  return [...bySource].map(([source, energyWh]) => ({ source, energyWh, purpose }));
}

const slotSecondsOf = (seconds: number): DeliveryStatement["slotSeconds"] =>
  deliveryStatementSchema.shape.slotSeconds.parse(seconds);

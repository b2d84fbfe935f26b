import { type Hex, hashTypedData, isAddressEqual } from "viem";
import { isSignedByDevice } from "../../deviceKeys.ts";
import { IMPORT_READING_TYPES, metersDomain } from "../../typedData.ts";
import type { EventPlace, StatementHistory } from "../history.ts";
import { claimsOf, cut, importedIn, isFor, sumImports } from "./build.ts";
import { countSlots, type SlotWh, startOf } from "./count.ts";
import { deliveryId, statementOfPurpose } from "./identity.ts";
import type {
  CountedSlot,
  DeliveryStatement,
  SignedImport,
  StatementPurchase,
  StatementRetirement,
} from "./schema.ts";

/** What can be wrong with a statement, by name. */
export const DELIVERY_RULES = [
  "chain",
  "period",
  "id",
  "import-signature",
  "meter-of-another",
  "slot-twice",
  "purchase-unknown",
  "purchase-of-another",
  "purchase-from-grid",
  "purchase-differs",
  "purchase-twice",
  "retirement-unknown",
  "retirement-of-another",
  "retirement-of-another-statement",
  "retirement-differs",
  "retirement-twice",
  "slot-differs",
  "total-differs",
] as const;
export type DeliveryRule = (typeof DELIVERY_RULES)[number];

/** Something in a statement that is not true. */
export interface DeliveryFinding {
  readonly rule: DeliveryRule;
  /** Names the member with its value, and what the chain or the arithmetic says instead. */
  readonly message: string;
}

/**
 * Checks a statement against the chain's history: its signatures, its purchases, its retirements and every sum.
 * @returns What is wrong, none when all of it holds.
 */
export async function checkDelivery(
  statement: DeliveryStatement,
  history: StatementHistory,
): Promise<DeliveryFinding[]> {
  const findings: DeliveryFinding[] = [];
  const found = (rule: DeliveryRule, message: string): void => {
    findings.push({ rule, message });
  };
  checkPlace(statement, history, found);
  // Nothing that follows means anything on another chain or for another period.
  if (findings.length > 0) return findings;
  await checkImports(statement, history, found);
  checkPurchases(statement, history, found);
  checkRetirements(statement, history, found);
  checkSlots(statement, history, found);
  return findings;
}

type Found = (rule: DeliveryRule, message: string) => void;

function checkPlace(
  statement: DeliveryStatement,
  { chainId, contracts, microgrids }: StatementHistory,
  found: Found,
): void {
  const { microgrid, firstSlot, lastSlot, slotSeconds, id } = statement;
  if (statement.chainId !== chainId) {
    found("chain", `The statement is of chain ${statement.chainId}, the node of ${chainId}.`);
  }
  for (const name of ["marketplace", "microgrids", "meters", "energy"] as const) {
    const [said, real] = [statement.contracts[name], contracts[name]];
    if (!isAddressEqual(said, real)) {
      found("chain", `The statement names ${said} as ${name}; it is ${real}.`);
    }
  }
  const real = microgrids.get(microgrid);
  if (real === undefined) found("period", `The chain has no microgrid ${microgrid}.`);
  else if (real.slotSeconds !== slotSeconds) {
    found(
      "period",
      `Slots of ${slotSeconds} s are stated; microgrid ${microgrid} has slots of ${real.slotSeconds} s.`,
    );
  }
  if (lastSlot < firstSlot) found("period", `Slot ${lastSlot} is before slot ${firstSlot}.`);
  const due = deliveryId(statement);
  if (id !== due) {
    found("id", `The id is ${id}; for this household and period it is ${due}.`);
  }
}

async function checkImports(
  statement: DeliveryStatement,
  { meters }: StatementHistory,
  found: Found,
): Promise<void> {
  const { household, microgrid, slotSeconds } = statement;
  const read = new Set<string>();
  for (const signed of statement.imports) {
    const { meter, firstBlock } = signed;
    if (!(await isSignedByDevice(meter, importDigest(statement, signed), signed.signature))) {
      found("import-signature", `Meter ${meter} did not sign its import of block ${firstBlock}.`);
    }
    for (const [slot] of importedIn(signed, statement)) {
      const key = `${meter} ${slot}`;
      if (read.has(key)) {
        found("slot-twice", `Meter ${meter} is read twice in slot ${where(slot, slotSeconds)}.`);
      }
      read.add(key);
      const isTheirs = meters.some(
        (tenure) =>
          isAddressEqual(tenure.meter, meter) &&
          isAddressEqual(tenure.owner, household) &&
          tenure.microgrid === microgrid &&
          slot >= tenure.firstSlot &&
          slot < (tenure.endSlot ?? Number.POSITIVE_INFINITY),
      );
      if (!isTheirs) {
        found(
          "meter-of-another",
          `Meter ${meter} is not registered for ${household} in microgrid ${microgrid} in slot ${where(slot, slotSeconds)}.`,
        );
      }
    }
  }
}

/** What a device signs. */
export const importDigest = (
  { chainId, contracts }: Pick<DeliveryStatement, "chainId" | "contracts">,
  { meter, firstBlock, imported }: Omit<SignedImport, "signature">,
): Hex => {
  const { name, version, verifyingContract } = metersDomain(chainId, contracts.meters);
  return hashTypedData({
    domain: { name, version, chainId, verifyingContract },
    types: IMPORT_READING_TYPES,
    primaryType: "ImportReading",
    message: { meter, firstBlock, imported },
  });
};

function checkPurchases(
  statement: DeliveryStatement,
  { deliveries }: StatementHistory,
  found: Found,
): void {
  const { household, microgrid } = statement;
  for (const { listed: purchase, name, isAgain } of named(statement.purchases)) {
    if (isAgain) found("purchase-twice", `${name} is listed twice.`);
    const delivery = deliveries.find((each) => isAt(each, purchase));
    if (delivery === undefined) {
      found("purchase-unknown", `${name} is no trade.`);
    } else if (!isAddressEqual(delivery.buyer, household) || delivery.to !== microgrid) {
      found(
        "purchase-of-another",
        `${name} was bought by ${delivery.buyer} in microgrid ${delivery.to}, not by ${household} in ${microgrid}.`,
      );
    } else if (delivery.isWithGrid) {
      found("purchase-from-grid", `${name} was bought from the grid, which bills it itself.`);
    } else {
      const real = { ...delivery, energyWh: cut(delivery.arrivedWh, statement) };
      const difference = differenceOf(purchase, real, statement.slotSeconds);
      if (difference !== undefined) found("purchase-differs", `${name}: ${difference}`);
      else if (!isAddressEqual(purchase.seller, delivery.seller)) {
        found("purchase-differs", `${name} names ${purchase.seller}; ${delivery.seller} sold it.`);
      }
    }
  }
}

function checkRetirements(
  statement: DeliveryStatement,
  { retirements }: StatementHistory,
  found: Found,
): void {
  const { household, id } = statement;
  for (const { listed, name, isAgain } of named(statement.retirements)) {
    if (isAgain) found("retirement-twice", `${name} is listed twice.`);
    const retirement = retirements.find((each) => isAt(each, listed));
    if (retirement === undefined) {
      found("retirement-unknown", `${name} is no retirement.`);
      continue;
    }
    const { holder, beneficiary, microgrid, purpose } = retirement;
    if (statementOfPurpose(purpose) !== id) {
      found(
        "retirement-of-another-statement",
        `${name} was retired for ${JSON.stringify(purpose)}, not for this statement.`,
      );
    } else if (!isFor(retirement, statement, id)) {
      found(
        "retirement-of-another",
        `${name} was retired by ${holder} for ${beneficiary} in microgrid ${microgrid}, not by and for ${household} in ${statement.microgrid}.`,
      );
    } else {
      const real = { ...retirement, energyWh: cut(retirement.energyWh, statement) };
      const difference = differenceOf(listed, real, statement.slotSeconds);
      if (difference !== undefined) found("retirement-differs", `${name}: ${difference}`);
    }
  }
}

const COLUMNS = ["start", "importedWh", "boughtWh", "retiredWh", "countsWh"] as const;

/** The statement's sums must be those of its own imports, purchases and retirements. */
function checkSlots(statement: DeliveryStatement, history: StatementHistory, found: Found): void {
  const { slotSeconds, slots } = statement;
  const expected = new Map<number, CountedSlot>(
    countOf(statement, history).slots.map((slot) => [slot.slot, slot]),
  );
  const listed = new Set<number>();
  for (const slot of slots) {
    const name = `Slot ${where(slot.slot, slotSeconds)}`;
    if (listed.has(slot.slot)) found("slot-twice", `${name} is listed twice.`);
    listed.add(slot.slot);
    const due = expected.get(slot.slot);
    for (const column of COLUMNS) {
      if (slot[column] !== (due?.[column] ?? 0n)) {
        found(
          "slot-differs",
          `${name}: ${column} is ${slot[column]}; from the listed evidence it is ${due?.[column] ?? 0n}.`,
        );
      }
    }
  }
  for (const { slot } of expected.values()) {
    if (!listed.has(slot)) found("slot-differs", `Slot ${where(slot, slotSeconds)} is missing.`);
  }
  const total = slots.reduce((sum, { countsWh }) => sum + countsWh, 0n);
  if (statement.countsWh !== total) {
    found("total-differs", `The total is ${statement.countsWh} Wh; the slots add up to ${total}.`);
  }
}

/** What a statement's own evidence comes to. */
function countOf(statement: DeliveryStatement, history: StatementHistory) {
  const { slotSeconds, purchases, retirements } = statement;
  const claims = claimsOf(history, statement, statement.id, (place) =>
    retirements.some((listed) => isAt(place, listed)),
  );
  const importedWh = sumImports(statement.imports, statement);
  return { claims, ...countSlots({ slotSeconds, importedWh, purchases, claims }) };
}

/**
 * How much of retired energy was used in its slots, by a statement that holds ({@link checkDelivery}). Wh; 0 when the
 * statement does not name the retirement.
 */
export function usedByStatement(
  statement: DeliveryStatement,
  history: StatementHistory,
  retirement: EventPlace,
): bigint {
  const { claims, claimedWh } = countOf(statement, history);
  return claimedWh[claims.findIndex((claim) => isAt(claim, retirement))] ?? 0n;
}

/** Listed evidence with its name, and whether it was listed before. */
function named<Listed extends StatementPurchase | StatementRetirement>(
  all: readonly Listed[],
): { readonly listed: Listed; readonly name: string; readonly isAgain: boolean }[] {
  const known = new Set<string>();
  return all.map((listed) => {
    const name = `Log ${listed.logIndex} of transaction ${listed.transaction}`;
    const isAgain = known.has(name);
    known.add(name);
    return { listed, name, isAgain };
  });
}

const isAt = (one: EventPlace, other: EventPlace): boolean =>
  one.transaction.toLowerCase() === other.transaction.toLowerCase() &&
  one.logIndex === other.logIndex;

/** How listed energy differs from the chain's; undefined when it is the same. */
function differenceOf(
  listed: StatementPurchase | StatementRetirement,
  real: { readonly source: string; readonly energyWh: readonly SlotWh[] },
  slotSeconds: number,
): string | undefined {
  if (listed.source !== real.source) return `${listed.source} is stated; it was ${real.source}.`;
  const said = new Map<number, bigint>();
  for (const { slot, wh } of listed.energyWh) {
    if (said.has(slot)) return `slot ${where(slot, slotSeconds)} is listed twice.`;
    said.set(slot, wh);
  }
  const due = new Map(real.energyWh.map(({ slot, wh }) => [slot, wh]));
  for (const slot of new Set([...said.keys(), ...due.keys()])) {
    const [saidWh, realWh] = [said.get(slot) ?? 0n, due.get(slot) ?? 0n];
    if (saidWh !== realWh) {
      return `${saidWh} Wh are stated for slot ${where(slot, slotSeconds)}; it was ${realWh} Wh.`;
    }
  }
  return undefined;
}

const where = (slot: number, slotSeconds: number): string =>
  `${slot} (${startOf(slot, slotSeconds)})`;

import { OFFER, slotsUtc } from "@wattline/sdk";
import type { Explanation, OrderAnswer } from "./explain.ts";

/** An explanation in sentences. Prices are base units of the microgrid's currency per kWh. */
export function linesOf(explanation: Explanation): string[] {
  const { community, slot, microgrid, household, pricePerKwh, feePerKwh } = explanation;
  const { soldWh, boughtWh, transactions, orders, isIslanded } = explanation;
  const when = slotsUtc({ firstSlot: slot, lastSlot: slot }, community.slotSeconds);
  const sum = [...soldWh.values()].reduce((total, wh) => total + wh, 0n);
  const who = household.toLowerCase();
  return [
    `Slot ${slot} (${when}) of microgrid ${microgrid}, ${community.name}${isIslanded ? ", islanded" : ""}`,
    `Community price ${pricePerKwh}, network fee ${feePerKwh}, in base units per kWh.`,
    sum === 0n
      ? "Nothing of it has been settled."
      : `${sum} Wh of it were settled, from ${countOf(soldWh, "household")} to ${countOf(boughtWh, "household")}, in ${transactions.join(", ")}.`,
    `${household} sold ${soldWh.get(who) ?? 0n} Wh and bought ${boughtWh.get(who) ?? 0n} Wh.`,
    ...(orders.length === 0
      ? [
          "No order of it reaches this slot: relays and board have none. It may have been withdrawn.",
        ]
      : orders.flatMap(orderLines)),
  ];
}

const countOf = (sums: ReadonlyMap<string, bigint>, what: string): string =>
  `${sums.size} ${what}${sums.size === 1 ? "" : "s"}`;

function orderLines({ order, hash, tradedWh, why }: OrderAnswer): string[] {
  const { side, energy, price, firstSlot, lastSlot, forward } = order;
  const kind = `${forward ? "forward " : ""}${side === OFFER ? "offer" : "bid"}`;
  const limit = side === OFFER ? "at least" : "at most";
  return [
    "",
    `${kind} ${hash}`,
    `  asked: ${energy} Wh over the slots ${firstSlot} to ${lastSlot}, ${limit} ${price} per kWh`,
    `  allotted of this slot: ${tradedWh} Wh`,
    `  ${why}`,
  ];
}

/** As JSON: amounts as decimal strings. */
export const explanationJson = ({ community: _, ...explanation }: Explanation): string =>
  JSON.stringify(
    explanation,
    (__, value) => {
      if (typeof value === "bigint") return value.toString();
      return value instanceof Map ? Object.fromEntries(value) : value;
    },
    2,
  );

import { t } from "@lingui/core/macro";
import { energyTokenAbi, marketplaceAbi, metersAbi } from "@wattline/sdk";
import type { Network } from "../chain/index.ts";
import { formatMillis } from "../ui/index.ts";
import { refusalInWords } from "../wallet/index.ts";

/** A rule that an order breaks: as the sdk finds it before signing, and as a relay refuses it with. */
export interface BrokenRule {
  readonly code: string;
  readonly message: string;
  readonly path?: string | undefined;
  readonly values?: Readonly<Record<string, string | number>> | undefined;
}

/** What is wrong with the form, and at which of its fields. */
export interface Fault {
  readonly field:
    | "until"
    | "energy"
    | "price"
    | "bond"
    | "sources"
    | "meter"
    | "audience"
    | "deadline"
    | "root";
  readonly words: string;
}

/** The form's field for each member of an order that can be at fault. */
const FIELDS: Readonly<Record<string, Fault["field"]>> = {
  firstSlot: "until",
  lastSlot: "until",
  energy: "energy",
  energyWh: "energy",
  price: "price",
  pricePerKwh: "price",
  bond: "bond",
  bondPerKwh: "bond",
  sources: "sources",
  meter: "meter",
  counterparty: "audience",
  deadline: "deadline",
};

/** What the broken rules mean to the person at the form, each said once. */
export async function faultsOf(
  rules: readonly BrokenRule[],
  network: Network,
): Promise<readonly Fault[]> {
  const faults = await Promise.all(
    rules.map(async (rule): Promise<Fault> => {
      const member = rule.path?.split(".").at(-1) ?? "";
      return { field: FIELDS[member] ?? "root", words: await wordsOf(rule, network) };
    }),
  );
  return [...new Map(faults.map((fault) => [fault.field + fault.words, fault])).values()];
}

async function wordsOf({ code, message, values }: BrokenRule, network: Network): Promise<string> {
  switch (code) {
    case "Escrow_InsufficientBalance": {
      const balance = formatMillis(BigInt(values?.balance ?? 0), network.currency);
      return t`You have ${balance} in escrow, which covers nothing of this. Bring money into escrow first.`;
    }
    case "ERC1155InsufficientBalance":
      return t`You have no such energy in these delivery slots, and no meter of yours can still report it.`;
    case "Orders_Expired":
      return t`That is over already.`;
    case "Deals_OutOfTime":
      return t`The last delivery slot has started: choose a later one.`;
    case "Deals_PricesDontMeet":
      return t`With the network fee a buyer would pay more than the price cap of these islanded delivery slots: choose a lower price.`;
    case "Deals_Rationed":
      return t`Islanded delivery slots are bought for a meter of your own in the microgrid: choose it.`;
    case "Escrow_Locked":
      return t`Your escrow is locked: until that ends only limits that its settler fills can be covered by it.`;
    case "Deals_SelfTrade":
      return t`Nobody trades with oneself: choose somebody else.`;
    case "Relay_TooManySlots":
      return t`The offers book takes no offer over so many delivery slots: choose a shorter time.`;
    case "Relay_SlotTooFar":
      return t`The offers book takes no orders so far ahead: choose an earlier time.`;
    case "Relay_TooManyOrders":
      return t`You have as many open orders as the offers book takes. Cancel some first.`;
    case "Relay_NotLocked":
      return t`The chain is cut off, so only firm orders count that are covered by locked escrow.`;
    default:
      return (await contractsWords(code, values, network)) ?? message;
  }
}

const ERRORS = [...marketplaceAbi, ...metersAbi, ...energyTokenAbi].filter(
  (item) => item.type === "error",
);

/** As for a refusal by the contracts: a relay gives the same errors with their values by name. */
async function contractsWords(
  code: string,
  values: BrokenRule["values"] = {},
  network: Network,
): Promise<string | undefined> {
  const error = ERRORS.find(({ name }) => name === code);
  if (error === undefined) return undefined;
  const args = error.inputs.map(({ name }) => values[name]);
  if (args.includes(undefined)) return undefined;
  return refusalInWords({ name: code, args }, network);
}

import { numberToHex } from "viem";
import { LANES } from "../profile.ts";
import type { EnumName } from "./enums.ts";
import type { Field, FieldGroup, Visibility } from "./file.ts";

/** Fields as a person reads them; every function takes the value's path and label first. */

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";

/** Amounts from half the number range stand for "unlimited", as with ERC-20 allowances. */
const UNLIMITED = `0x8${"0".repeat(63)}`;

/** For addresses that are not shown when zero. */
const IF_NAMED: Visibility = { ifNotIn: [ZERO_ADDRESS] };
/** For texts that are not shown when empty. */
const IF_WRITTEN: Visibility = { ifNotIn: [""] };
const IF_ANY: Visibility = { ifNotIn: [0] };
/** For places in a queue that are not shown when any will do: a lane holds no more. */
const IF_BOUNDED: Visibility = { ifNotIn: [2 ** 31 - 1] };

export const plain = (path: string, label: string): Field => ({ path, label, format: "raw" });

export const account = (path: string, label: string): Field => ({
  path,
  label,
  format: "addressName",
});

export const accountIfNamed = (path: string, label: string): Field => ({
  ...account(path, label),
  visible: IF_NAMED,
});

export const currency = (path: string, label: string): Field => ({
  path,
  label,
  format: "tokenTicker",
});

/** Unix seconds. */
export const date = (path: string, label: string): Field => ({
  path,
  label,
  format: "date",
  params: { encoding: "timestamp" },
});

/** A duration in seconds. */
export const duration = (path: string, label: string): Field => ({
  path,
  label,
  format: "duration",
});

/** Wh, shown in kWh, the unit of prices. */
export const energy = (path: string, label: string): Field => unit(path, label, "kWh", 3);

/** W, shown in kW. */
export const power = (path: string, label: string): Field => unit(path, label, "kW", 3);

/** Hundredths of a percent. */
export const share = (path: string, label: string): Field => unit(path, label, "%", 2);

/** Tenths of a degree. */
export const degrees = (path: string, label: string): Field => unit(path, label, "°", 1);

/** A whole number of something. */
export const whole = (path: string, label: string, base: string): Field =>
  unit(path, label, base, 0);

export const choice = (path: string, label: string, name: EnumName): Field => ({
  path,
  label,
  format: "enum",
  params: { $ref: `$.metadata.enums.${name}` },
});

/** An amount of a currency that the signed data names. */
export const amount = (path: string, label: string, tokenPath: string): Field => ({
  path,
  label,
  format: "tokenAmount",
  params: { tokenPath },
});

/** As {@link amount}; the highest numbers mean unlimited. */
export const allowance = (path: string, label: string, tokenPath: string): Field => ({
  path,
  label,
  format: "tokenAmount",
  params: { tokenPath, threshold: UNLIMITED, message: "Unlimited" },
});

/**
 * An amount of a microgrid's currency, where only the microgrid's number is signed. For a microgrid that the file does
 * not list, a wallet shows no formatted amount, which is better than a wrong currency.
 */
export const amountIn = (path: string, label: string, microgridPath: string): Field => ({
  path,
  label,
  format: "tokenAmount",
  params: { token: { map: "$.metadata.maps.currency", keyPath: microgridPath } },
});

/** As {@link amountIn}; this number stands for something else. */
export const amountOr = (field: Field, threshold: bigint, message: string): Field =>
  field.format === "tokenAmount"
    ? { ...field, params: { ...field.params, threshold: numberToHex(threshold), message } }
    : field;

export const ifBounded = (field: Field): Field => ({ ...field, visible: IF_BOUNDED });

export const ifAny = (field: Field): Field => ({ ...field, visible: IF_ANY });

export const ifWritten = (field: Field): Field => ({ ...field, visible: IF_WRITTEN });

/** Shown only where there is space. */
export const optional = (field: Field): Field => ({ ...field, visible: "optional" });

/** Not shown: a person can't read it, such as a signature. */
export const hidden = (path: string, label: string): Field => ({
  ...plain(path, label),
  visible: "never",
});

export const eachOf = (label: string, fields: readonly Field[]): FieldGroup => ({
  label,
  iteration: "bundled",
  fields,
});

/**
 * The Wh of each slot of packed words: lane `i` is four bytes of the word, counted from its end. Correct where no guard
 * bit is set.
 */
export const energyBySlot = (wordsPath: string, label = "Energy by delivery slot"): FieldGroup =>
  eachOf(
    label,
    Array.from({ length: LANES }, (_, lane) => {
      const end = 32 - 4 * lane;
      return ifAny(
        energy(`${wordsPath}.[${end - 4}:${end}]`, `Slot ${lane + 1} of ${LANES} of the block`),
      );
    }),
  );

/** What a token id names. */
export const energyId = (path: string): readonly Field[] => [
  plain(`${path}.[23:27]`, "Microgrid"),
  choice(`${path}.[27:28]`, "Source", "source"),
  plain(`${path}.[28:32]`, "Delivery slot"),
];

const unit = (path: string, label: string, base: string, decimals: number): Field => ({
  path,
  label,
  format: "unit",
  params: { base, decimals },
});

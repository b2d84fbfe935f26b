import type { OrderState } from "@wattline/sdk";
import { type RawBuilder, sql } from "kysely";
import type { Hex } from "viem";
import type { OrderRow, SignerKind } from "./tables.ts";

/**
 * Rows of orders as one text each: parsing thirty values per row from the database's protocol costs several times as
 * much as finding the rows. No value contains a space.
 */

const NOTHING = "-";

/** Columns that may be null. */
const OPTIONAL: readonly string[] = ["signer_key", "withdrawal", "recheck_at"];

/** The columns in the order in which they are written and read. */
const COLUMNS = [
  ...["hash", "maker", "meter", "microgrid", "side", "sources", "first_slot", "last_slot"],
  ...["energy", "price", "forward", "bond", "most_ahead", "crosses", "counterparty", "settler"],
  ...["nonce", "counter", "deadline", "signature", "signer", "signer_key", "withdrawal", "state"],
  ...["remaining_wh", "good_until", "recheck_at"],
  ...["received_at", "received_sequence", "updated_sequence"],
] as const;

/** The names of all columns, for SQL. */
export const COLUMN_NAMES = COLUMNS.join(", ");

/** All columns of a row of `table` as one text. */
export const rowText = (table = "orders"): RawBuilder<string> =>
  sql<string>`concat_ws(' ', ${sql.raw(
    COLUMNS.map((name) =>
      OPTIONAL.includes(name)
        ? `coalesce(${table}.${name}::text, '${NOTHING}')`
        : `${table}.${name}`,
    ).join(", "),
  )})`;

/** The row that a text was made from. */
export function rowFromText(line: string): OrderRow {
  const values = line.split(" ");
  let at = 0;
  const text = (): string => values[at++] ?? "";
  const hex = (): Hex => asHex(text());
  const number = (): number => Number(text());
  const boolean = (): boolean => text() === "t";
  const optional = <T>(read: () => T): T | null => (values[at] === NOTHING ? skip() : read());
  const skip = (): null => {
    at++;
    return null;
  };
  return {
    hash: hex(),
    maker: hex(),
    meter: hex(),
    microgrid: number(),
    side: number(),
    sources: number(),
    first_slot: number(),
    last_slot: number(),
    energy: number(),
    price: text(),
    forward: boolean(),
    bond: text(),
    most_ahead: number(),
    crosses: boolean(),
    counterparty: hex(),
    settler: hex(),
    nonce: text(),
    counter: text(),
    deadline: number(),
    signature: hex(),
    signer: asSigner(text()),
    signer_key: optional(hex),
    withdrawal: optional(hex),
    state: asState(text()),
    remaining_wh: number(),
    good_until: number(),
    recheck_at: optional(number),
    received_at: number(),
    received_sequence: number(),
    updated_sequence: number(),
  };
}

const asHex = (text: string): Hex => `0x${text.slice(2)}`;

const STATES: readonly OrderState[] = [
  "live",
  "filled",
  "cancelled",
  "expired",
  "unbacked",
  "void",
];
const SIGNERS: readonly SignerKind[] = ["maker", "delegate", "lockSigner", "wallet"];

const asState = (text: string): OrderState => oneOf(STATES, text);
const asSigner = (text: string): SignerKind => oneOf(SIGNERS, text);

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new Error(`The database holds "${text}" where ${known} may be.`);
  return found;
}

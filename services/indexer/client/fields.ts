/** The indexer's answer is not what this client expects; the message names the member. */
export class IndexerAnswerError extends Error {}

export type Hex = `0x${string}`;

/** How to read a member of a row from GraphQL. */
export interface Field<Value> {
  read(sent: unknown, name: string): Value;
  /** The members to ask for, when the member is a row itself. */
  readonly within?: Fields;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The type of a row with these members. */
export type Row<Members extends Fields> = {
  readonly [Name in keyof Members]: Members[Name] extends Field<infer Value> ? Value : never;
};

const refuse = (sent: unknown, name: string, wanted: string): never => {
  throw new IndexerAnswerError(
    `The indexer sent ${JSON.stringify(sent)} as ${name}, which is not ${wanted}. Is it another version?`,
  );
};

export const text: Field<string> = {
  read: (sent, name) => (typeof sent === "string" ? sent : refuse(sent, name, "text")),
};

const isHex = (sent: unknown): sent is Hex =>
  typeof sent === "string" && /^0x[0-9a-f]*$/.test(sent);

/** An address, a hash or a signature, in lower case. */
export const hex: Field<Hex> = {
  read: (sent, name) => (isHex(sent) ? sent : refuse(sent, name, "hexadecimal text")),
};

export const flag: Field<boolean> = {
  read: (sent, name) => (typeof sent === "boolean" ? sent : refuse(sent, name, "truth value")),
};

const isDecimal = (sent: unknown): sent is string =>
  typeof sent === "string" && /^-?\d+$/.test(sent);

/** Energy, money, prices and words. */
export const amount: Field<bigint> = {
  read: (sent, name) => (isDecimal(sent) ? BigInt(sent) : refuse(sent, name, "whole number")),
};

/** Slots, times and counts: whole numbers that fit into a `number`. */
export const count: Field<number> = {
  read: (sent, name) => {
    const number = isDecimal(sent) ? Number(sent) : sent;
    return typeof number === "number" && Number.isSafeInteger(number)
      ? number
      : refuse(sent, name, "whole number");
  },
};

/** One of a list of words. */
export const oneOf = <const Choice extends string>(
  ...choices: readonly Choice[]
): Field<Choice> => ({
  read: (sent, name) =>
    choices.find((each) => each === sent) ?? refuse(sent, name, choices.join(", ")),
});

export const maybe = <Value>({ read, within }: Field<Value>): Field<Value | null> => ({
  read: (sent, name) => (sent === null || sent === undefined ? null : read(sent, name)),
  ...(within !== undefined && { within }),
});

export const listOf = <Value>({ read }: Field<Value>): Field<readonly Value[]> => ({
  read: (sent, name) =>
    Array.isArray(sent) ? sent.map((each) => read(each, name)) : refuse(sent, name, "list"),
});

/** A row within a row. */
export const nested = <Members extends Fields>(members: Members): Field<Row<Members>> => ({
  read: (sent, name) => readRow(members, sent, name),
  within: members,
});

/** The members to ask GraphQL for. */
export const selectionOf = (members: Fields): string =>
  Object.entries(members)
    .map(([name, { within }]) => (within ? `${name} { ${selectionOf(within)} }` : name))
    .join(" ");

/** @throws IndexerAnswerError when a member is missing or of another type. */
export function readRow<Members extends Fields>(
  members: Members,
  sent: unknown,
  name: string,
): Row<Members> {
  if (typeof sent !== "object" || sent === null) return refuse(sent, name, "row");
  const values = new Map<string, unknown>(Object.entries(sent));
  const row: Record<string, unknown> = {};
  for (const [member, { read }] of Object.entries(members)) {
    row[member] = read(values.get(member), `${name}.${member}`);
  }
  // Every member of `Members` was just read by its own field.
  return row as Row<Members>;
}

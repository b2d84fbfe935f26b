import {
  concat,
  domainSeparator,
  type Hex,
  keccak256,
  numberToHex,
  size,
  slice,
  toHex,
} from "viem";
import { once } from "./once.ts";
import { type Domain, ORDER_TYPES, type Order } from "./typedData.ts";

/**
 * One signature over many orders: a Merkle tree of their EIP-712 hashes, which is also the EIP-712 value
 * `BulkOrder(Order[2]...[2] tree)` with one `[2]` per level. A wallet can show every order of a small tree, and a
 * device can sign a large one by its root alone.
 */

/** The highest tree: 2^16 orders. */
export const MOST_BULK_LEVELS = 16;

/**
 * Padding of a tree to a power of two. Both kinds are harmless: the last order repeated shares its fill with the first,
 * and nobody can sign for the zero address, the maker of the empty order.
 */
export type BulkPadding = "last" | "empty";

/** The hashes of a tree. */
export interface BulkTree {
  /** By level, the orders' hashes first, the root last; a level ends where only padding follows. */
  readonly hashes: readonly (readonly Hex[])[];
  /** By level, the hash of a node with nothing but padding below it. */
  readonly padding: readonly Hex[];
}

/** Two halves of a tree, down to the orders. */
export type NestedOrders = Order | readonly [NestedOrders, NestedOrders];

interface Field {
  name: string;
  type: string;
}

/** The typed data that a wallet is asked to sign (`eth_signTypedData_v4`). */
export interface BulkTypedData {
  readonly domain: Domain;
  readonly types: { readonly BulkOrder: Field[]; readonly Order: Field[] };
  readonly primaryType: "BulkOrder";
  readonly message: { readonly tree: NestedOrders };
}

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";

/** An order that nobody can sign. */
export const EMPTY_ORDER: Order = {
  maker: ZERO_ADDRESS,
  meter: ZERO_ADDRESS,
  microgrid: 0,
  side: 0,
  sources: 0,
  firstSlot: 0,
  lastSlot: 0,
  energy: 0,
  price: 0n,
  forward: false,
  bond: 0n,
  mostAhead: 0,
  crosses: false,
  counterparty: ZERO_ADDRESS,
  settler: ZERO_ADDRESS,
  nonce: 0n,
  counter: 0n,
  deadline: 0,
};

/**
 * An order's EIP-712 struct hash: a leaf of the tree. Every member is one word, so the encoding is the words in
 * sequence. This is much faster than a general encoder, which matters where thousands of orders are checked a second.
 */
export function hashOrderStruct(order: Order): Hex {
  const words = ORDER_TYPES.Order.map(({ name }) => wordOf(order[name]));
  return keccak256(`${orderTypeHash()}${words.join("")}`);
}

const wordOf = (value: string | number | bigint | boolean): string =>
  (typeof value === "string" ? value.slice(2).toLowerCase() : BigInt(value).toString(16)).padStart(
    64,
    "0",
  );

/**
 * The tree over orders, in their order.
 * @throws RangeError unless there are 2 to 2^16 orders.
 */
export function bulkTree(orders: readonly Order[], padding: BulkPadding = "last"): BulkTree {
  const leaves = orders.map(hashOrderStruct);
  const last = leaves.at(-1);
  return bulkTreeOfHashes(
    leaves,
    padding === "empty" || last === undefined ? hashOrderStruct(EMPTY_ORDER) : last,
  );
}

/**
 * As {@link bulkTree}, from the orders' hashes (see {@link hashOrderStruct}) and the hash that pads them.
 * @throws RangeError unless there are 2 to 2^16 hashes.
 */
export function bulkTreeOfHashes(leaves: readonly Hex[], padding: Hex): BulkTree {
  const levels = levelsFor(leaves.length);
  const tree = { hashes: [leaves], padding: [padding] };
  let [nodes, pad] = [leaves, padding];
  for (let level = 0; level < levels; level++) {
    const parents: Hex[] = [];
    for (const [i, node] of nodes.entries()) {
      if (i % 2 === 0) parents.push(hashPair(node, nodes[i + 1] ?? pad));
    }
    [nodes, pad] = [parents, hashPair(pad, pad)];
    tree.hashes.push(nodes);
    tree.padding.push(pad);
  }
  return tree;
}

/** The root hash, which depends on every order and its place. */
export const bulkRoot = (tree: BulkTree): Hex => nodeAt(tree, levelsOf(tree), 0);

/** The siblings from an order up to the root, the order's own sibling first. */
export function bulkProof(tree: BulkTree, index: number): Hex[] {
  requireIndex(tree, index);
  return Array.from({ length: levelsOf(tree) }, (_, level) =>
    nodeAt(tree, level, (index >> level) ^ 1),
  );
}

/** What is signed for the whole tree: the EIP-712 digest, without the nested message. */
export const bulkDigest = (domain: Domain, tree: BulkTree): Hex =>
  digestOfRoot(domain, levelsOf(tree), bulkRoot(tree));

/**
 * The same for a wallet, which shows all of it: for the few orders that a person reads.
 * @throws RangeError unless there are 2 to 2^16 orders.
 */
export function bulkTypedData(
  domain: Domain,
  orders: readonly Order[],
  padding: BulkPadding = "last",
): BulkTypedData {
  const levels = levelsFor(orders.length);
  const pad = padding === "empty" ? EMPTY_ORDER : (orders.at(-1) ?? EMPTY_ORDER);
  const nest = (level: number, index: number): NestedOrders =>
    level === 0
      ? (orders[index] ?? pad)
      : [nest(level - 1, 2 * index), nest(level - 1, 2 * index + 1)];
  return {
    domain,
    types: bulkTypes(levels),
    primaryType: "BulkOrder",
    message: { tree: nest(levels, 0) },
  };
}

/** The last bytes of a bulk signature, by which the contracts tell it from others: "bulk". */
const BULK_MARK: Hex = "0x62756c6b";

/** Bytes behind the proof: the index and the mark. */
const BULK_END_BYTES = 6;

/**
 * The signature of one order of a signed tree, in the form that the contracts read: the tree's signature, the order's
 * proof, its index in two bytes, and the mark "bulk".
 * @throws RangeError when the signature has neither 64 nor 65 bytes or the tree has no such order.
 */
export function bulkSignature(tree: BulkTree, index: number, signature: Hex): Hex {
  const length = size(signature);
  if (length !== 64 && length !== 65) {
    throw new RangeError(`A signature has 64 or 65 bytes, this one ${length}.`);
  }
  return concat([signature, ...bulkProof(tree, index), numberToHex(index, { size: 2 }), BULK_MARK]);
}

/** The parts of a bulk signature. */
export interface UnfoldedBulk {
  /** What was signed: the tree's EIP-712 digest. */
  readonly digest: Hex;
  /** The signature over it, 64 or 65 bytes. */
  readonly signature: Hex;
}

/**
 * Reads a {@link bulkSignature} as the contracts do; undefined when it has not the form of a bulk signature. What has it
 * counts as nothing else.
 */
export function unfoldBulk(domain: Domain, order: Order, signature: Hex): UnfoldedBulk | undefined {
  const length = size(signature);
  if (length < 64 + 32 + BULK_END_BYTES) return undefined;
  if (slice(signature, length - 4).toLowerCase() !== BULK_MARK) return undefined;
  const rest = (length - BULK_END_BYTES) % 32;
  const plainLength = 64 + rest;
  const levels = (length - BULK_END_BYTES - plainLength) / 32;
  if (rest > 1 || levels > MOST_BULK_LEVELS) return undefined;
  const index = Number(slice(signature, length - BULK_END_BYTES, length - 4));
  let node = hashOrderStruct(order);
  for (let level = 0; level < levels; level++) {
    const start = plainLength + 32 * level;
    const sibling = slice(signature, start, start + 32);
    node = ((index >> level) & 1) === 0 ? hashPair(node, sibling) : hashPair(sibling, node);
  }
  return {
    digest: digestOfRoot(domain, levels, node),
    signature: slice(signature, 0, plainLength),
  };
}

const levelsOf = (tree: BulkTree): number => tree.hashes.length - 1;

const hashPair = (left: Hex, right: Hex): Hex => keccak256(concat([left, right]));

const bulkTypes = (levels: number): BulkTypedData["types"] => ({
  BulkOrder: [{ name: "tree", type: `Order${"[2]".repeat(levels)}` }],
  Order: [...ORDER_TYPES.Order],
});

function digestOfRoot(domain: Domain, levels: number, root: Hex): Hex {
  const structHash = keccak256(concat([bulkTypeHash(levels), root]));
  return digestOf(domain, structHash);
}

/** The EIP-712 digest of a struct hash in a domain, which is what gets signed. */
export const digestOf = (domain: Domain, structHash: Hex): Hex =>
  keccak256(concat(["0x1901", separatorOf(domain), structHash]));

const separators = new WeakMap<Domain, Hex>();

/** A domain's separator, computed once. */
function separatorOf(domain: Domain): Hex {
  const known = separators.get(domain) ?? domainSeparator({ domain });
  separators.set(domain, known);
  return known;
}

const typeHashes = new Map<number, Hex>();

/** The type hash of a tree with this many levels, computed once. */
function bulkTypeHash(levels: number): Hex {
  const { BulkOrder, Order } = bulkTypes(levels);
  const known =
    typeHashes.get(levels) ??
    keccak256(toHex(encodeType("BulkOrder", BulkOrder) + encodeType("Order", Order)));
  typeHashes.set(levels, known);
  return known;
}

const encodeType = (name: string, fields: readonly Field[]): string =>
  `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})`;

const orderTypeHash = once(() => keccak256(toHex(encodeType("Order", ORDER_TYPES.Order))));

function nodeAt(tree: BulkTree, level: number, index: number): Hex {
  const node = tree.hashes[level]?.[index] ?? tree.padding[level];
  if (node === undefined) throw new RangeError(`The tree has no level ${level}.`);
  return node;
}

function levelsFor(orders: number): number {
  if (orders < 2 || orders > 2 ** MOST_BULK_LEVELS) {
    throw new RangeError(
      `A bulk signature covers 2 to ${2 ** MOST_BULK_LEVELS} orders, not ${orders}.`,
    );
  }
  return Math.ceil(Math.log2(orders));
}

function requireIndex(tree: BulkTree, index: number): void {
  const orders = tree.hashes[0]?.length ?? 0;
  if (!Number.isInteger(index) || index < 0 || index >= orders) {
    throw new RangeError(`The tree has ${orders} orders; there is no index ${index}.`);
  }
}

import { t } from "@lingui/core/macro";
import {
  boardAbi,
  energyTokenAbi,
  FIRST_FIRM_NONCE,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
  SOURCES,
  sumWh,
} from "@wattline/sdk";
import {
  type Abi,
  type Address,
  decodeFunctionData,
  erc20Abi,
  type Hex,
  isAddressEqual,
  zeroAddress,
} from "viem";
import type { Network } from "../../chain/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { inFull } from "../../people/index.ts";
import { formatEnergy, formatMoment, formatMoney, formatPrice } from "../../ui/index.ts";
import type { TypedData } from "../demo/typedData.ts";

// The words come with what is said in them.
await loadMessages("wallet/words");

/** An account by its name, where it has one, and always by its address. */
const whoIs = (account: unknown): string => inFull(String(account));

/** One value of what is signed, by its path: "order.price". */
export interface Field {
  readonly path: string;
  readonly value: string;
}

/** What is asked for, in sentences and in full. */
export interface Description {
  readonly words: readonly string[];
  readonly fields: readonly Field[];
}

/** What a signature over typed data means. */
export function describeTypedData(data: TypedData, network: Network): Description {
  return {
    words: wordsOfTypedData(data, network),
    fields: [...fieldsOf(data.message), ...fieldsOf({ domain: data.domain })],
  };
}

/** What a transaction does. */
export function describeCall(
  call: { readonly to: Address | undefined; readonly data: Hex; readonly value: bigint },
  network: Network,
): Description {
  const decoded = decodeCall(call.to, call.data, network);
  if (decoded === undefined) {
    return {
      words: [t`An unknown call.`],
      fields: fieldsOf({ to: call.to, data: call.data, value: call.value }),
    };
  }
  return {
    words: decoded.flatMap(({ name, args }) => wordsOfCall(name, args, network)),
    fields: decoded.flatMap(({ name, named }) => fieldsOf({ [name]: named })),
  };
}

interface Decoded {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

function decodeCall(to: Address | undefined, data: Hex, network: Network): Decoded[] | undefined {
  const { marketplace, microgrids, meters, energy, board } = network.deployment;
  const known: readonly (readonly [Address, Abi])[] = [
    [marketplace, marketplaceAbi],
    [microgrids, microgridsAbi],
    [meters, metersAbi],
    [energy, energyTokenAbi],
    [board, boardAbi],
    [network.currency.address, erc20Abi],
  ];
  const abi = to && known.find(([address]) => isAddressEqual(address, to))?.[1];
  if (abi === undefined) return undefined;
  try {
    const { functionName: name, args = [] } = decodeFunctionData({ abi, data });
    if (name === "multicall" && Array.isArray(args[0])) {
      return args[0].flatMap((inner: Hex) => decodeCall(to, inner, network) ?? []);
    }
    const entry = abi.find((item) => item.type === "function" && item.name === name);
    const inputs = entry !== undefined && "inputs" in entry ? (entry.inputs ?? []) : [];
    const named = Object.fromEntries(
      args.map((value, index) => [inputs[index]?.name || String(index), value]),
    );
    return [{ name, args, named }];
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const big = (value: unknown): bigint => BigInt(String(value ?? 0));

function wordsOfTypedData({ primaryType, message }: TypedData, network: Network): string[] {
  if (primaryType === "Order") return [sentenceOfOrder(message, network)];
  if (primaryType === "BulkOrder") {
    const orders = leavesOf(message.tree);
    return [
      t`One signature over ${String(orders.length)} orders:`,
      ...orders.slice(0, 8).map((order) => sentenceOfOrder(order, network)),
    ];
  }
  const { currency } = network;
  const money = (value: unknown) => formatMoney(big(value), currency);
  switch (primaryType) {
    case "Permit":
      return [t`Wattline's escrow may take ${money(message.value)} from your wallet, once.`];
    case "ReceiveWithAuthorization":
      return [t`Bring ${money(message.value)} from your wallet into Wattline's escrow, once.`];
    case "OrderWithdrawal":
      return [t`Take an order of yours off a relay's book.`];
    case "Withdrawal":
      return [t`Withdraw ${money(message.amount)} to ${whoIs(message.to)}.`];
    case "Locking":
      return [
        t`Lock your escrow for ${whoIs(message.settler)} until ${formatMoment(Number(message.until))}.`,
      ];
    case "Authorization":
      return allowanceWords(message.delegate, message.amount, message.until, network);
    case "Cancellation":
      return [t`Cancel orders.`];
    case "CancellationOfAll":
      return [t`Cancel all your orders.`];
    default:
      return [primaryType];
  }
}

function leavesOf(tree: unknown): Readonly<Record<string, unknown>>[] {
  if (Array.isArray(tree)) return tree.flatMap(leavesOf);
  return isRecord(tree) ? [tree] : [];
}

/** A signed order in one sentence; energy, price and end as they bind the maker. */
export function sentenceOfOrder(
  order: Readonly<Record<string, unknown>>,
  { currency }: Pick<Network, "currency">,
): string {
  const bond = formatPrice(big(order.bond), currency);
  const offer = Number(order.side) === 0;
  const parts = [termsOfOrder(order, currency)];
  if (isTrue(order.forward)) {
    parts.push(
      offer
        ? t`It is still to come: for each kWh that does not, you pay a bond of ${bond}.`
        : t`It is still to come: the seller pledges a bond of ${bond} at least.`,
    );
  }
  if (isTrue(order.crosses)) parts.push(t`It may also trade over a tie line.`);
  if (big(order.nonce) >= FIRST_FIRM_NONCE) {
    parts.push(t`It is firm: you can't cancel it while your lock lasts.`);
  }
  return parts.join(" ");
}

/** Energy, price and end of an order. A posted price is exact; a limit trades at the community price, or not at all. */
function termsOfOrder(
  order: Readonly<Record<string, unknown>>,
  currency: Network["currency"],
): string {
  const energy = formatEnergy(big(order.energy));
  const price = formatPrice(big(order.price), currency);
  const until = formatMoment(Number(order.deadline));
  const microgrid = String(order.microgrid);
  const sources = SOURCES.filter((_, bit) => (Number(order.sources) >> bit) & 1);
  const kind = sources.length === SOURCES.length ? t`any source` : sources.join(", ");
  const isPosted = isNobody(order.settler);
  if (Number(order.side) !== 0) {
    return isPosted
      ? t`You buy up to ${energy} (${kind}) in microgrid ${microgrid} at a posted price of ${price}, until ${until}.`
      : t`You bid for up to ${energy} (${kind}) in microgrid ${microgrid} at the community price, if that is ${price} at most, until ${until}.`;
  }
  if (!isPosted) {
    return t`You offer up to ${energy} (${kind}) in microgrid ${microgrid} at the community price, if you receive ${price} at least, until ${until}.`;
  }
  if (big(order.price) === 0n) {
    const who = isNobody(order.counterparty) ? t`anyone` : whoIs(order.counterparty);
    return t`You give up to ${energy} (${kind}) in microgrid ${microgrid} to ${who}, as a gift, until ${until}.`;
  }
  return t`You offer up to ${energy} (${kind}) in microgrid ${microgrid} at a posted price of ${price}, until ${until}.`;
}

const isTrue = (value: unknown): boolean => value === true || value === "true";
const isNobody = (value: unknown): boolean => String(value) === zeroAddress;

/** What a home agent may spend, and how long. */
function allowanceWords(
  delegate: unknown,
  amount: unknown,
  until: unknown,
  { currency }: Network,
): string[] {
  const agent = whoIs(delegate);
  if (big(amount) === 0n) return [t`Revoke the home agent ${agent}.`];
  const [money, end] = [formatMoney(big(amount), currency), formatMoment(Number(until))];
  return [t`Let the home agent ${agent} spend up to ${money} in orders, until ${end}.`];
}

function wordsOfCall(name: string, args: readonly unknown[], network: Network): string[] {
  const { currency } = network;
  switch (name) {
    case "deposit":
    case "depositWithPermit":
      return [t`Bring ${formatMoney(big(args[1]), currency)} into escrow.`];
    case "depositWithAuthorization":
      return [t`Bring ${formatMoney(big(args[2]), currency)} into escrow.`];
    case "withdraw":
      return [t`Withdraw ${formatMoney(big(args[1]), currency)} to ${whoIs(args[2])}.`];
    case "lock":
      return [t`Lock your escrow for ${whoIs(args[1])} until ${formatMoment(Number(args[3]))}.`];
    case "cancelAll":
      return [t`Cancel all your orders.`];
    case "cancel":
      return [t`Cancel orders.`];
    case "authorize":
      return allowanceWords(args[1], args[2], args[3], network);
    case "accept":
    case "reserve": {
      const [order, , take] = args;
      const limit = formatPrice(isRecord(take) ? big(take.limit) : 0n, currency);
      const energy = formatEnergy(isRecord(take) ? energyIn(take.energy) : 0n);
      const buys = isRecord(order) && Number(order.side) === 0;
      return [
        buys
          ? t`Buy ${energy} at a posted price, for ${limit} at most, all in.`
          : t`Sell ${energy} at a posted price, for ${limit} at least, all in.`,
      ];
    }
    case "approve":
      return [
        t`Let ${whoIs(args[0])} take up to ${formatMoney(big(args[1]), currency)} from your wallet.`,
      ];
    case "report":
      return [t`Submit a meter reading and mint its energy.`];
    case "retire":
      return [t`Use energy up for good, and get a certificate for it.`];
    case "release":
      return [t`Settle forwards that are due.`];
    case "undelivered":
      return [t`Call energy undelivered that no meter has reported in time.`];
    case "pin":
      return [t`Announce signed orders on chain.`];
    case "schedule":
      return [t`Announce new prices of microgrid ${String(args[0])}.`];
    case "setIslanded":
      return isTrue(args[1])
        ? [t`Declare microgrid ${String(args[0])} islanded.`]
        : [t`Declare microgrid ${String(args[0])} connected again.`];
    case "setClosed":
      return isTrue(args[1])
        ? [t`Close microgrid ${String(args[0])} for new trades.`]
        : [t`Open microgrid ${String(args[0])} again.`];
    default:
      return [name];
  }
}

/** Wh of all words of a take. */
const energyIn = (words: unknown): bigint => (Array.isArray(words) ? sumWh(words.map(big)) : 0n);

/** Every value of a message with its path, amounts exactly as they are signed. */
export function fieldsOf(value: unknown, path = ""): Field[] {
  if (Array.isArray(value)) return value.flatMap((each, i) => fieldsOf(each, `${path}[${i}]`));
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([name, each]) =>
      fieldsOf(each, path === "" ? name : `${path}.${name}`),
    );
  }
  return [{ path, value: String(value) }];
}

import { t } from "@lingui/core/macro";
import { boardAbi, energyTokenAbi, marketplaceAbi, metersAbi, SOURCES } from "@wattline/sdk";
import {
  type Abi,
  type Address,
  decodeFunctionData,
  erc20Abi,
  type Hex,
  isAddressEqual,
} from "viem";
import type { Network } from "../chain/index.ts";
import { formatEnergy, formatMoment, formatMoney, formatPrice, shortAddress } from "../ui/index.ts";
import type { TypedData } from "./demo/typedData.ts";

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
  const { marketplace, meters, energy, board } = network.deployment;
  const known: readonly (readonly [Address, Abi])[] = [
    [marketplace, marketplaceAbi],
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
  if (primaryType === "Permit") {
    const amount = formatMoney(big(message.value), network.currency);
    return [t`Wattline's escrow may take ${amount} from your wallet, once.`];
  }
  if (primaryType === "Withdrawal") return [t`Take an order of yours off a relay's book.`];
  return [primaryType];
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
  const energy = formatEnergy(big(order.energy));
  const price = formatPrice(big(order.price), currency);
  const until = formatMoment(Number(order.deadline));
  const microgrid = String(order.microgrid);
  const sources = SOURCES.filter((_, bit) => (Number(order.sources) >> bit) & 1);
  const kind = sources.length === SOURCES.length ? t`any source` : sources.join(", ");
  const forward = order.forward === true || order.forward === "true";
  const bond = formatPrice(big(order.bond), currency);
  const offer = Number(order.side) === 0;
  const terms = offer
    ? t`You offer up to ${energy} (${kind}) in microgrid ${microgrid} for ${price}, until ${until}.`
    : t`You bid for up to ${energy} (${kind}) in microgrid ${microgrid} and pay ${price}, until ${until}.`;
  if (!forward) return terms;
  const pledge = offer
    ? t`It is still to come: for each kWh that does not, you pay a bond of ${bond}.`
    : t`It is still to come: the seller pledges a bond of ${bond} at least.`;
  return `${terms} ${pledge}`;
}

function wordsOfCall(name: string, args: readonly unknown[], network: Network): string[] {
  const { currency } = network;
  switch (name) {
    case "deposit":
    case "depositWithPermit":
      return [t`Bring ${formatMoney(big(args[1]), currency)} into escrow.`];
    case "withdraw":
      return [
        t`Withdraw ${formatMoney(big(args[1]), currency)} to ${shortAddress(String(args[2]))}.`,
      ];
    case "lock":
      return [t`Promise not to withdraw before ${formatMoment(Number(args[1]))}.`];
    case "cancelAll":
      return [t`Cancel all your orders.`];
    case "cancel":
      return [t`Cancel orders.`];
    case "authorize":
      return big(args[2]) === 0n
        ? [t`Revoke the home agent ${shortAddress(String(args[1]))}.`]
        : [
            t`Let the home agent ${shortAddress(String(args[1]))} spend up to ${formatMoney(big(args[2]), currency)} in orders.`,
          ];
    case "accept":
    case "reserve": {
      const [order, , take] = args;
      const limit = formatMoney(isRecord(take) ? big(take.limit) : 0n, currency);
      const buys = isRecord(order) && Number(order.side) === 0;
      return [
        buys
          ? t`Buy energy of a signed offer for ${limit} at most.`
          : t`Sell energy to a signed bid for ${limit} at least.`,
      ];
    }
    case "approve":
      return [
        t`Let ${shortAddress(String(args[0]))} take up to ${formatMoney(big(args[1]), currency)} from your wallet.`,
      ];
    case "report":
      return [t`Submit a meter reading and mint its energy.`];
    case "retire":
      return [t`Use energy up for good, and get a certificate for it.`];
    case "release":
      return [t`Settle forwards that are due.`];
    case "pin":
      return [t`Announce signed orders on chain.`];
    default:
      return [name];
  }
}

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

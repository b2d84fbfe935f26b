import { plural, t } from "@lingui/core/macro";
import { boardAbi, energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import {
  type Abi,
  type Address,
  decodeFunctionData,
  erc20Abi,
  type Hex,
  isAddressEqual,
  parseAbi,
  toFunctionSelector,
} from "viem";
import { formatMoment, shortAddress } from "../../ui/index.ts";
import type { TypedData } from "../demo/typedData.ts";
import {
  allowanceWords,
  boardWords,
  energyWords,
  marketWords,
  metersWords,
  microgridsWords,
  readingsWords,
} from "./callWords.ts";
import { ordersOf, orderWords } from "./orderWords.ts";
import { moneyWords, placeWords, type Telling, whoWords } from "./telling.ts";

/** One value of what is signed, by its path: "order.price". */
export interface Field {
  readonly path: string;
  readonly value: string;
}

/** What is asked for, in sentences and in full. */
export interface Description {
  readonly words: readonly string[];
  /** What the words sum up, one by one: the orders under one signature, or the steps of one transaction. */
  readonly each?: readonly string[];
  readonly fields: readonly Field[];
}

/** What a signature over typed data means. */
export function describeTypedData(data: TypedData, telling: Telling): Description {
  return {
    ...wordsOfTypedData(data, telling),
    fields: [...fieldsOf(data.message), ...fieldsOf({ domain: data.domain })],
  };
}

function wordsOfTypedData(
  { primaryType, message }: TypedData,
  telling: Telling,
): Omit<Description, "fields"> {
  if (primaryType === "Order") return { words: [orderWords(message, telling)] };
  if (primaryType === "BulkOrder") {
    const orders = ordersOf(message.tree);
    return {
      words: [t`One signature over ${String(orders.length)} orders:`],
      each: orders.map((order) => orderWords(order, telling)),
    };
  }
  if (primaryType === "Directory") {
    const place = placeWords(Number(message.microgrid), telling);
    const listings = Array.isArray(message.listings) ? message.listings : [];
    const count = listings.length;
    return {
      words: [
        t`Publish ${plural(count, { one: "# name", other: "# names" })} of ${place}, for everybody to read:`,
      ],
      each: listings.map(
        (listing) => `${listingWords(listing)} (${shortAddress(listing.account)})`,
      ),
    };
  }
  if (primaryType === "Listing") {
    const place = placeWords(Number(message.microgrid), telling);
    const called = listingWords(message);
    return {
      words: [t`You agree to be called ${called} in ${place}, where everybody can read it.`],
    };
  }
  return { words: [mandateWords(primaryType, message, telling)] };
}

/** A name, and the street where it is given. */
function listingWords({ name, street }: Readonly<Record<string, unknown>>): string {
  return street === "" ? `“${name}”` : `“${name}”, ${street}`;
}

function mandateWords(
  primaryType: string,
  message: Readonly<Record<string, unknown>>,
  telling: Telling,
): string {
  const money = (value: unknown) => moneyWords(big(value), telling);
  switch (primaryType) {
    case "Permit":
      return t`Wattline's escrow may take ${money(message.value)} from your wallet, once.`;
    case "ReceiveWithAuthorization":
      return t`Bring ${money(message.value)} from your wallet into Wattline's escrow, once.`;
    case "OrderWithdrawal":
      return t`Take an order of yours off a relay's book.`;
    case "Withdrawal":
      return t`Withdraw ${money(message.amount)} to ${whoWords(String(message.to))}.`;
    case "Locking":
      return t`Lock your escrow for ${whoWords(String(message.settler))} until ${formatMoment(Number(message.until))}.`;
    case "Authorization":
      return allowanceWords(
        String(message.delegate),
        big(message.amount),
        Number(message.until),
        telling,
      );
    case "Cancellation":
      return t`Cancel orders.`;
    case "CancellationOfAll":
      return t`Cancel all your orders.`;
    default:
      return primaryType;
  }
}

/** What a transaction does. */
export function describeCall(
  call: { readonly to: Address | undefined; readonly data: Hex; readonly value: bigint },
  telling: Telling,
): Description {
  const unknown = t`An unknown call. Confirm it only if you know what it does.`;
  const steps = stepsOf(call.to, call.data, telling);
  const words = steps.map((step) => step.words ?? unknown);
  const sum = readingsSum(call.to, call.data, telling);
  return {
    ...(sum === undefined ? { words } : { words: [sum], each: words }),
    fields: steps.flatMap(({ fields }) => fields),
  };
}

/** One call of a transaction; without words where it is not known. */
interface Step {
  readonly words: string | undefined;
  readonly fields: readonly Field[];
}

const currencyAbi = [
  ...erc20Abi,
  ...parseAbi(["function mint(address to, uint256 amount)"]),
] as const;

/** The calls of a transaction, those of a multicall one by one. */
function stepsOf(to: Address | undefined, data: Hex, telling: Telling): readonly Step[] {
  const { deployment, currency } = telling.network;
  const { marketplace, microgrids, meters, energy, board } = deployment;
  const isAt = (address: Address) => to !== undefined && isAddressEqual(to, address);
  const nothing = [{ words: undefined, fields: fieldsOf({ to, data }) }];
  try {
    const inner = callsIn(to, data, telling);
    if (inner !== undefined) return inner.flatMap((one) => stepsOf(to, one, telling));
    if (isAt(marketplace)) {
      const call = decodeFunctionData({ abi: marketplaceAbi, data });
      return [{ words: marketWords(call, telling), fields: named(marketplaceAbi, call) }];
    }
    if (isAt(microgrids)) {
      const call = decodeFunctionData({ abi: microgridsAbi, data });
      return [{ words: microgridsWords(call, telling), fields: named(microgridsAbi, call) }];
    }
    if (isAt(meters)) {
      const call = decodeFunctionData({ abi: metersAbi, data });
      return [{ words: metersWords(call, telling), fields: named(metersAbi, call) }];
    }
    if (isAt(energy)) {
      const call = decodeFunctionData({ abi: energyTokenAbi, data });
      return [{ words: energyWords(call, telling), fields: named(energyTokenAbi, call) }];
    }
    if (isAt(board)) {
      const call = decodeFunctionData({ abi: boardAbi, data });
      return [{ words: boardWords(call), fields: named(boardAbi, call) }];
    }
    if (isAt(currency.address)) {
      const call = decodeFunctionData({ abi: currencyAbi, data });
      return [{ words: currencyWords(call, telling), fields: named(currencyAbi, call) }];
    }
  } catch {
    // What can't be decoded is shown as it is.
  }
  return nothing;
}

/** The calls that a multicall makes; undefined for any other. */
function callsIn(to: Address | undefined, data: Hex, { network }: Telling) {
  const { marketplace, meters } = network.deployment;
  const takesMany = [marketplace, meters].some((one) => to && isAddressEqual(to, one));
  if (!takesMany) return undefined;
  return data.startsWith(toFunctionSelector("multicall(bytes[])"))
    ? decodeFunctionData({ abi: multicallAbi, data }).args[0]
    : undefined;
}

const multicallAbi = parseAbi(["function multicall(bytes[] data)"]);

/** What readings under one confirmation are together; undefined for anything else. */
function readingsSum(to: Address | undefined, data: Hex, telling: Telling): string | undefined {
  try {
    if (!to || !isAddressEqual(to, telling.network.deployment.meters)) return undefined;
    return readingsWords(
      (callsIn(to, data, telling) ?? []).map((one) =>
        decodeFunctionData({ abi: metersAbi, data: one }),
      ),
    );
  } catch {
    return undefined;
  }
}

function currencyWords(
  call: ReturnType<typeof decodeFunctionData<typeof currencyAbi>>,
  telling: Telling,
): string | undefined {
  switch (call.functionName) {
    case "approve":
      return t`Let ${whoWords(call.args[0])} take up to ${moneyWords(call.args[1], telling)} from your wallet.`;
    case "transfer":
      return t`Pay ${moneyWords(call.args[1], telling)} to ${whoWords(call.args[0])}.`;
    case "mint":
      return t`Give ${whoWords(call.args[0])} ${moneyWords(call.args[1], telling)} of play money.`;
    default:
      return undefined;
  }
}

/** The arguments of a call by their names. */
function named(
  abi: Abi,
  {
    functionName,
    args = [],
  }: { readonly functionName: string; readonly args?: readonly unknown[] },
): Field[] {
  const entry = abi.findLast((item) => item.type === "function" && item.name === functionName);
  const inputs = entry !== undefined && "inputs" in entry ? (entry.inputs ?? []) : [];
  return fieldsOf({
    [functionName]: Object.fromEntries(
      args.map((value, index) => [inputs[index]?.name || String(index), value]),
    ),
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const big = (value: unknown): bigint => BigInt(String(value ?? 0));

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

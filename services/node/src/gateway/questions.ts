/** Which questions to contracts are kept, so that they can be answered when the chain is out of reach. */
import {
  type Deployment,
  energyTokenAbi,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
} from "@wattline/sdk";
import {
  type Abi,
  type AbiParameter,
  type Address,
  decodeFunctionData,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  encodeFunctionResult,
  erc20Abi,
  getAbiItem,
  type Hex,
  zeroAddress,
  zeroHash,
} from "viem";

/** A question to a contract: the call of a view. */
export interface Question {
  readonly to: Address;
  readonly data: Hex;
}

/** A run of blocks of one kind of energy that one account may hold. */
export interface Holding {
  readonly holder: Address;
  readonly microgrid: number;
  readonly source: number;
  readonly firstBlock: number;
  readonly lastBlock: number;
}

/**
 * Views whose answers are kept. None of them reverts. Of what was never asked while the chain was in reach, nothing is
 * known: no money, no energy, no meter, no fill.
 */
const NOTHING_IF_UNKNOWN: ReadonlySet<string> = new Set([
  ...["accountOf", "lockOf", "allowanceOf", "fillOf", "firmFillOf", "rationedOf", "openOf"],
  ...["meterOf", "deliveryOf", "isReported"],
]);
/** Views whose answers are kept, and without which nothing can be said. */
const NEEDED: ReadonlySet<string> = new Set(["termsOf", "decimals", "symbol"]);
/** Blocks of one account's energy that are kept: a week of slots of an hour, or two days of quarter-hours and more. */
const MOST_BLOCKS = 192;

export const keyOf = ({ to, data }: Question): string => `${to.toLowerCase()} ${data}`;

export const holdingKey = ({ holder, microgrid, source }: Omit<Holding, "firstBlock">): string =>
  `${holder.toLowerCase()} ${microgrid} ${source}`;

/** What a call asks, taken apart. */
export type Asked =
  | { readonly kind: "many"; readonly questions: readonly Question[] }
  | { readonly kind: "energy"; readonly holding: Holding }
  | { readonly kind: "one"; readonly question: Question; readonly isNothingIfUnknown: boolean }
  | { readonly kind: "other"; readonly name: string };

/** Reads what a call asks. */
export function askedBy(deployment: Deployment, { to, data }: Question): Asked {
  const abi = abiAt(deployment, to);
  let call: { readonly functionName: string; readonly args?: readonly unknown[] };
  try {
    call = decodeFunctionData<Abi>({ abi, data });
  } catch {
    return { kind: "other", name: `${to} ${data.slice(0, 10)}` };
  }
  const { functionName: name, args = [] } = call;
  if (name === "multicall") {
    const [calls] = decodeFunctionData({ abi: marketplaceAbi, data }).args as [readonly Hex[]];
    return { kind: "many", questions: calls.map((each) => ({ to, data: each })) };
  }
  if (name === "profileOf") {
    const [holder, microgrid, source, first, count] = args as [
      Address,
      number,
      number,
      number,
      bigint,
    ];
    const lastBlock = first + Math.min(Number(count), MOST_BLOCKS) - 1;
    return { kind: "energy", holding: { holder, microgrid, source, firstBlock: first, lastBlock } };
  }
  const isNothingIfUnknown = NOTHING_IF_UNKNOWN.has(name);
  if (!isNothingIfUnknown && !NEEDED.has(name)) return { kind: "other", name };
  return { kind: "one", question: { to, data }, isNothingIfUnknown };
}

/** The question that a holding comes to. */
export const holdingQuestion = (
  { energy }: Pick<Deployment, "energy">,
  { holder, microgrid, source, firstBlock, lastBlock }: Holding,
): Question => ({
  to: energy,
  data: encodeFunctionData({
    abi: energyTokenAbi,
    functionName: "profileOf",
    args: [holder, microgrid, source, firstBlock, BigInt(lastBlock - firstBlock + 1)],
  }),
});

/** Two runs of blocks as one; the newest blocks of it when it is too long. */
export function joined(one: Holding, other: Holding): Holding {
  const lastBlock = Math.max(one.lastBlock, other.lastBlock);
  const firstBlock = Math.max(
    Math.min(one.firstBlock, other.firstBlock),
    lastBlock - MOST_BLOCKS + 1,
  );
  return { ...one, firstBlock, lastBlock };
}

/** The words of a holding's answer. */
export const wordsIn = (answer: Hex): readonly bigint[] =>
  decodeFunctionResult({ abi: energyTokenAbi, functionName: "profileOf", data: answer });

/** A run of blocks as an answer, from the words that are known; others are empty. */
export const wordsAnswer = (
  { firstBlock, lastBlock }: Holding,
  wordOf: (block: number) => bigint,
): Hex =>
  encodeFunctionResult({
    abi: energyTokenAbi,
    functionName: "profileOf",
    result: Array.from({ length: lastBlock - firstBlock + 1 }, (_, i) => wordOf(firstBlock + i)),
  });

/** Answers to several calls as the answer to `multicall`. */
export const manyAnswer = (answers: readonly Hex[]): Hex =>
  encodeFunctionResult({ abi: marketplaceAbi, functionName: "multicall", result: [...answers] });

/** The answer of a view that has nothing to say. */
export function nothingAnswer(deployment: Deployment, { to, data }: Question): Hex {
  const item = getAbiItem<Abi, string>({ abi: abiAt(deployment, to), name: data.slice(0, 10) });
  if (item?.type !== "function") throw new Error(`${to} has no function ${data.slice(0, 10)}.`);
  return encodeAbiParameters(item.outputs, item.outputs.map(nothingOf));
}

function nothingOf(parameter: AbiParameter): unknown {
  const { type } = parameter;
  if (type === "tuple" && "components" in parameter) {
    return Object.fromEntries(parameter.components.map((each) => [each.name, nothingOf(each)]));
  }
  if (type.endsWith("[]")) return [];
  if (type === "address") return zeroAddress;
  if (type === "bool") return false;
  if (type === "string") return "";
  if (type.startsWith("bytes")) return zeroHash;
  return 0n;
}

function abiAt({ marketplace, meters, energy, microgrids }: Deployment, to: Address): Abi {
  switch (to.toLowerCase()) {
    case marketplace.toLowerCase():
      return marketplaceAbi;
    case meters.toLowerCase():
      return metersAbi;
    case energy.toLowerCase():
      return energyTokenAbi;
    case microgrids.toLowerCase():
      return microgridsAbi;
    default:
      return erc20Abi;
  }
}

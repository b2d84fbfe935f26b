import {
  type Abi,
  type Address,
  decodeFunctionData,
  formatUnits,
  type Hex,
  isAddressEqual,
  keccak256,
  numberToHex,
  parseAbi,
  slice,
  toFunctionSelector,
  toHex,
} from "viem";
import type { ClearSigningFile, Field, FieldGroup, Format } from "../../src/clearSigning/file.ts";
import { callParameters } from "./signedTypes.ts";

/**
 * As much of a wallet as reads ERC-7730 files: finds the file that is bound to what is to be signed, and puts it in
 * words by the standard's rules.
 */

/** What a wallet shows. */
export interface Shown {
  readonly intent: string;
  /** In one sentence, where the description has one. */
  readonly sentence: string | undefined;
  /** Field by field. */
  readonly lines: readonly string[];
}

export interface Token {
  readonly symbol: string;
  readonly decimals: number;
}

export interface Wallet {
  readonly files: readonly ClearSigningFile[];
  readonly tokens: ReadonlyMap<Address, Token>;
}

export interface Call {
  readonly chainId: number;
  readonly to: Address;
  readonly data: Hex;
}

export interface Message {
  readonly domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  readonly types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** What the fields' paths lead through. */
interface Signed {
  readonly file: ClearSigningFile;
  readonly data: unknown;
  readonly container: Readonly<Record<string, unknown>>;
  readonly wallet: Wallet;
}

/** @throws Error when no file describes the call, or not for these values. */
export function showCall(wallet: Wallet, { chainId, to, data }: Call): Shown {
  for (const file of wallet.files) {
    if (!("contract" in file.context) || !isAt(file.context.contract, chainId, to)) continue;
    for (const [key, format] of Object.entries(file.display.formats)) {
      const abi: Abi = parseAbi([`function ${key}` as string]);
      const inputs = callParameters(key);
      if (toFunctionSelector(key) !== slice(data, 0, 4)) continue;
      const { args = [] } = decodeFunctionData({ abi, data });
      const named = inputs.map((input, i) => [input.name, args[i]]);
      const container = { to, chainId };
      return show({ file, data: Object.fromEntries(named), container, wallet }, format);
    }
  }
  throw new Error(`No file describes ${slice(data, 0, 4)} of ${to}.`);
}

/** @throws Error when no file describes the message, or not for these values. */
export function showMessage(wallet: Wallet, signed: Message): Shown {
  const { domain, types, primaryType, message } = signed;
  const { chainId, verifyingContract: to } = domain;
  const others = Object.keys(types).filter((name) => name !== primaryType);
  const typeString = [primaryType, ...others.sort()]
    .map((name) => `${name}(${types[name]?.map((each) => `${each.type} ${each.name}`)})`)
    .join("");
  for (const file of wallet.files) {
    if (!("eip712" in file.context) || !isAt(file.context.eip712, chainId, to)) continue;
    const bound = file.context.eip712.domain;
    if (bound && (bound.name !== domain.name || bound.version !== domain.version)) continue;
    for (const [key, format] of Object.entries(file.display.formats)) {
      if (keccak256(toHex(key)) !== keccak256(toHex(typeString))) continue;
      return show({ file, data: message, container: { to, chainId }, wallet }, format);
    }
  }
  throw new Error(`No file describes ${typeString} for ${to}.`);
}

/** The fields of a format, out of their groups. */
export const flatFields = (format: Format): readonly Field[] =>
  format.fields.flatMap((field) => ("fields" in field ? field.fields : [field]));

/** The paths that a sentence mentions. */
export const pathsOf = (sentence: string): readonly string[] =>
  [...sentence.matchAll(/\{([^{}]+)\}/g)].map(([, path]) => path ?? "");

const isAt = (
  { deployments }: { deployments: readonly { chainId: number; address: Address }[] },
  chainId: number,
  to: Address,
): boolean =>
  deployments.some((each) => each.chainId === chainId && isAddressEqual(each.address, to));

function show(signed: Signed, format: Format): Shown {
  const { intent, interpolatedIntent } = format;
  return {
    intent,
    sentence: interpolatedIntent && sentenceOf(signed, format, interpolatedIntent),
    lines: format.fields.flatMap((field) =>
      "fields" in field ? groupLines(signed, field) : fieldLines(signed, field),
    ),
  };
}

function sentenceOf(signed: Signed, format: Format, sentence: string): string {
  return pathsOf(sentence).reduce((text, path) => {
    const field = flatFields(format).find((each) => each.path === path);
    if (field === undefined) throw new Error(`{${path}} is no field.`);
    return text.replace(`{${path}}`, texts(signed, field).join(", "));
  }, sentence);
}

/** Bundled: all fields of the first element, then all of the second. */
function groupLines(signed: Signed, { label, fields }: FieldGroup): string[] {
  const lengths = new Set(fields.map((field) => valuesAt(signed, field.path).length));
  if (lengths.size !== 1) throw new Error(`${label}: arrays of different lengths.`);
  const [length = 0] = lengths;
  return Array.from({ length }, (_, i) =>
    fields.flatMap((field) => lineOf(signed, field, i)),
  ).flat();
}

const fieldLines = (signed: Signed, field: Field): string[] =>
  valuesAt(signed, field.path).flatMap((_, i) => lineOf(signed, field, i));

function lineOf(signed: Signed, field: Field, index: number): string[] {
  const value = valuesAt(signed, field.path)[index];
  const { visible = "always" } = field;
  if (visible === "never") return [];
  if (typeof visible === "object" && visible.ifNotIn.some((each) => isSame(each, value))) return [];
  if (field.format === "calldata") {
    const { sentence, intent, lines } = showCall(signed.wallet, {
      chainId: Number(signed.container.chainId),
      to: addressOf(valuesAt(signed, field.params.calleePath)[0]),
      data: hexOf(value),
    });
    const head = field.separator?.replace("{index}", `${index}`) ?? field.label;
    return [`${head}: ${sentence ?? intent}`, ...lines.map((line) => `  ${line}`)];
  }
  return [`${field.label}: ${texts(signed, field)[index]}`];
}

const isSame = (listed: string | number, value: unknown): boolean =>
  typeof value === "string" ? value === listed : integerOf(value) === BigInt(listed);

const texts = (signed: Signed, field: Field): string[] =>
  valuesAt(signed, field.path).map((value, i) => textOf(signed, field, value, i));

function textOf(signed: Signed, field: Field, value: unknown, index: number): string {
  switch (field.format) {
    case "raw":
    case "addressName":
      return String(value);
    case "tokenTicker":
      return signed.wallet.tokens.get(addressOf(value))?.symbol ?? String(value);
    case "duration": {
      const seconds = Number(integerOf(value));
      return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
        .map((part) => Math.floor(part).toString().padStart(2, "0"))
        .join(":");
    }
    case "date":
      return new Date(Number(integerOf(value)) * 1000).toISOString().replace(".000", "");
    case "unit":
      return formatUnits(integerOf(value), field.params.decimals) + field.params.base;
    case "enum": {
      const name = field.params.$ref.replace("$.metadata.enums.", "");
      const text = signed.file.metadata.enums?.[name]?.[String(integerOf(value))];
      if (text === undefined) throw new Error(`${name} has no word for ${value}.`);
      return text;
    }
    case "tokenAmount": {
      const { threshold, message } = field.params;
      const token = signed.wallet.tokens.get(tokenOf(signed, field.params, index));
      if (token === undefined) return `${value} of an unknown token`;
      const above = threshold !== undefined && integerOf(value) >= BigInt(threshold);
      return `${above ? message : formatUnits(integerOf(value), token.decimals)} ${token.symbol}`;
    }
    case "calldata":
      throw new Error("A call within a call has no text of its own.");
  }
}

type AmountParams = Extract<Field, { format: "tokenAmount" }>["params"];

function tokenOf(signed: Signed, { token, tokenPath = "" }: AmountParams, index: number): Address {
  const pick = (path: string) => {
    const values = valuesAt(signed, path);
    return values.length === 1 ? values[0] : values[index];
  };
  if (token === undefined) return addressOf(pick(tokenPath));
  const key = pick(token.keyPath);
  const address = signed.file.metadata.maps?.currency.values[String(key)];
  if (address === undefined) throw new Error(`The file says nothing of microgrid ${key}.`);
  return address;
}

/** What is at a path: one value, or all elements of the arrays on the way. */
function valuesAt({ data, container }: Signed, path: string): unknown[] {
  const names = path.split(".");
  const start = names[0] === "@" ? container : data;
  return names.filter((name) => name !== "@").reduce(step, [start]);
}

function step(values: unknown[], name: string): unknown[] {
  const bytes = /^\[(\d+):(\d+)\]$/.exec(name);
  return values.flatMap((value) => {
    if (name === "[]") return listOf(value);
    if (bytes) {
      const word = numberToHex(integerOf(value), { size: 32 });
      return [BigInt(slice(word, Number(bytes[1]), Number(bytes[2])))];
    }
    const member = Object.entries(Object(value)).find(([key]) => key === name);
    if (member === undefined) throw new Error(`Nothing is called ${name}.`);
    return [member[1]];
  });
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${value} is no list.`);
  return value;
}

function integerOf(value: unknown): bigint {
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  throw new Error(`${value} is no number.`);
}

function hexOf(value: unknown): Hex {
  if (typeof value === "string" && value.startsWith("0x")) return `0x${value.slice(2)}`;
  throw new Error(`${value} is no hex string.`);
}

const addressOf = (value: unknown): Address => hexOf(value);

/** Arguments and answers of contracts as text. */
import { OptionsError } from "@wattline/common/options";
import { type AbiParameter, getAddress, isAddress, isHex } from "viem";

/**
 * A function's arguments, from the command line.
 * @throws OptionsError that names the argument, its type and its value.
 */
export const valuesOf = (
  parameters: readonly AbiParameter[],
  texts: readonly string[],
): readonly unknown[] =>
  parameters.map((parameter, i) => {
    const name = parameter.name || `argument ${i + 1}`;
    const text = texts[i] ?? "";
    return encodable(parameter, isComposite(parameter) ? parsed(name, text) : text, name);
  });

const isComposite = ({ type }: AbiParameter): boolean =>
  type.endsWith("]") || type.startsWith("tuple");

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OptionsError(`${name} must be JSON, not "${text}".`);
  }
}

function encodable(parameter: AbiParameter, value: unknown, name: string): unknown {
  const { type } = parameter;
  const refuse = (expected: string): never => {
    throw new OptionsError(`${name} (${type}) must be ${expected}, not ${JSON.stringify(value)}.`);
  };
  if (type.endsWith("]")) {
    if (!Array.isArray(value)) return refuse("a list");
    const element = { ...parameter, type: type.replace(/\[\d*\]$/, "") };
    return value.map((each, i) => encodable(element, each, `${name}[${i}]`));
  }
  if ("components" in parameter) {
    if (typeof value !== "object" || value === null) return refuse("a struct as JSON");
    const members = new Map(Object.entries(value));
    const names = parameter.components.map((member) => member.name ?? "");
    const unknown = [...members.keys()].find((member) => !names.includes(member));
    if (unknown !== undefined) return refuse(`a struct of ${names.join(", ")}`);
    return Object.fromEntries(
      parameter.components.map((member, i) => {
        const key = names[i] ?? "";
        return [key, encodable(member, members.get(key), `${name}.${key}`)];
      }),
    );
  }
  const text = typeof value === "number" || typeof value === "boolean" ? `${value}` : value;
  if (typeof text !== "string") return refuse("given");
  if (type === "address") return isAddress(text) ? getAddress(text) : refuse("an address");
  if (type === "bool")
    return /^(true|false)$/.test(text) ? text === "true" : refuse("true or false");
  if (type === "string") return text;
  if (type.startsWith("bytes")) return isHex(text) ? text : refuse("0x and hexadecimal digits");
  if (typeof value === "number" && !Number.isSafeInteger(value))
    return refuse("a number in quotes");
  return /^(-?\d+|0x[0-9a-fA-F]+)$/.test(text) ? BigInt(text) : refuse("a whole number");
}

/** An answer: a single value as it is, a list or a struct as JSON with large numbers in quotes. */
export function textOf(answer: unknown): string {
  if (answer === undefined) return "";
  if (typeof answer !== "object") return String(answer);
  return JSON.stringify(
    answer,
    (_, value) => (typeof value === "bigint" ? value.toString() : value),
    2,
  );
}

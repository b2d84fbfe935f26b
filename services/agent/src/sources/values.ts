import { AgentError } from "../errors.ts";

/**
 * The number at a path of a JSON text: `.`-separated names and places in lists, such as `emeters.0.total`; the whole text
 * where the path is empty. Numbers in quotes are numbers.
 * @returns The digits as they are written, so that nothing is rounded.
 * @throws AgentError that names the path and what is there.
 */
export function numberAt(text: string, path: string): string {
  const value = path === "" ? text.trim() : valueAt(text, path);
  const number = typeof value === "number" ? String(value) : value;
  if (typeof number === "string" && /^-?\d{1,15}(\.\d+)?$/.test(number)) return number;
  const shown = JSON.stringify(value)?.slice(0, 80) ?? "nothing";
  throw new AgentError(`${path === "" ? "The text" : path} is ${shown}; expected a number.`);
}

function valueAt(text: string, path: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AgentError(`${JSON.stringify(text.slice(0, 80))} is no JSON.`);
  }
  for (const name of path.split(".")) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  }
  return value;
}

/** A register in whole Wh: what is less than a Wh comes with the next one. @throws AgentError when it is negative */
export function registerWh(number: string, unit: "Wh" | "kWh"): bigint {
  if (number.startsWith("-")) {
    throw new AgentError(`A register is ${number} ${unit}; registers are never below zero.`);
  }
  const [whole = "", fraction = ""] = number.split(".");
  const decimals = unit === "kWh" ? 3 : 0;
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
}

/** Power by direction, in W. */
export function powerW(
  number: string,
  unit: "W" | "kW",
  positive: "import" | "export",
): { readonly importW: number; readonly exportW: number } {
  const watts = Number(number) * (unit === "kW" ? 1000 : 1);
  const imported = positive === "import" ? watts : -watts;
  return { importW: Math.max(imported, 0), exportW: Math.max(-imported, 0) };
}

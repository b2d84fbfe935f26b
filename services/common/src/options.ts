/** A command's option is wrong; the message names the option and valid values. */
export class OptionsError extends Error {}

/** @throws OptionsError when `text` is not a whole number, or too large for a `number`. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new OptionsError(`${name} must be a whole number, not "${text}".`);
  }
  return value;
}

/**
 * A moment, in Unix seconds.
 * @param Refusal The error for anything but a time with its offset from UTC; the message names the option.
 */
export function timeOf(
  name: string,
  text = "",
  Refusal: new (message: string) => Error = OptionsError,
): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const seconds = isTime ? Date.parse(text) / 1000 : Number.NaN;
  if (Number.isFinite(seconds)) return seconds;
  throw new Refusal(
    `${name} must be a time with its offset, such as 2026-06-01T00:00:00+02:00, not "${text}".`,
  );
}

/** One of `choices`. @throws OptionsError for anything else. */
export function choice<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  text: string,
): Choice {
  const chosen = choices.find((each) => each === text);
  if (chosen === undefined) {
    throw new OptionsError(`${name} takes ${choices.join(" or ")}, not "${text}".`);
  }
  return chosen;
}

/** Names separated by commas. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** The address of a server. @throws OptionsError when it is not an HTTP address. */
export function httpUrlOf(name: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new OptionsError(
    `${name} must be an address such as http://127.0.0.1:8545, not "${text}".`,
  );
}

/**
 * The address of a node, as `--rpc` or else the variable `WATTLINE_RPC_URL` names it: an address with a password or an API key
 * should not be an argument, which every user of the machine can read.
 * @throws OptionsError when there is none, or it is not an HTTP address.
 */
export function rpcUrlOf(
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (text !== undefined) return httpUrlOf("--rpc", text);
  const usual = env.WATTLINE_RPC_URL;
  if (!usual) throw new OptionsError("Give --rpc URL or set WATTLINE_RPC_URL. See --help.");
  if (/^https?:/.test(usual) && URL.canParse(usual)) return usual;
  // Its text is not shown: it may hold a password or an API key.
  throw new OptionsError("WATTLINE_RPC_URL must be an address such as http://127.0.0.1:8545.");
}

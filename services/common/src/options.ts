/** What a command was asked to do is wrong; the message names the option and what it takes. */
export class OptionsError extends Error {}

/** @throws OptionsError when `text` is no whole number, or one too large to count with. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new OptionsError(`${name} takes a whole number, not "${text}".`);
  }
  return value;
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

/** Names by comma. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** The address of a node. @throws OptionsError when it is none over HTTP. */
export function rpcUrlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new OptionsError(`--rpc takes an address such as http://127.0.0.1:8545, not "${text}".`);
}

import type { Abi, AbiParameter } from "viem";

/** The keys of `display.formats` in ERC-7730. */

interface Member {
  readonly name: string;
  readonly type: string;
}

/**
 * A call with the names of its parameters: `lock(address currency,uint64 until)`. An ABI joined from several contracts
 * may have a call twice, once without names.
 * @throws RangeError when the ABI has no such call with names.
 */
export function callSignature(abi: Abi, name: string): string {
  const call = abi.find(
    (item) =>
      item.type === "function" && item.name === name && item.inputs.every((input) => input.name),
  );
  if (call?.type !== "function") throw new RangeError(`The ABI has no call ${name} with names.`);
  return `${name}(${parameters(call.inputs)})`;
}

/** EIP-712's `encodeType`, for a primary type and the types it uses, in alphabetical order. */
export const messageType = (types: Readonly<Record<string, readonly Member[]>>): string =>
  Object.entries(types)
    .map(([name, members]) => `${name}(${members.map((each) => `${each.type} ${each.name}`)})`)
    .join("");

const parameters = (inputs: readonly AbiParameter[]): string =>
  inputs.map((input) => `${typeOf(input)} ${input.name}`).join(",");

const typeOf = (input: AbiParameter): string =>
  "components" in input
    ? `(${parameters(input.components)})${input.type.slice("tuple".length)}`
    : input.type;

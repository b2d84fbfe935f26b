import { type Abi, type AbiParameter, parseAbi } from "viem";

/** The shape of what a key of `display.formats` names, and the paths that lead to its values. */

/** @throws Error when the key is no signature of a call. */
export function callParameters(key: string): readonly AbiParameter[] {
  const [item]: Abi = parseAbi([`function ${key}` as string]);
  if (item?.type !== "function") throw new Error(`${key} is no call.`);
  return item.inputs;
}

/** @throws Error when the key is no EIP-712 type. */
export function messageMembers(key: string): readonly AbiParameter[] {
  const types = new Map(
    [...key.matchAll(/(\w+)\(([^()]*)\)/g)].map(([, name = "", members = ""]) => [name, members]),
  );
  const membersOf = (name: string): AbiParameter[] =>
    (types.get(name) ?? "").split(",").map((member) => {
      const [, base = "", suffix = "", memberName = ""] =
        /^(\w+)((?:\[\d*\])*) (\w+)$/.exec(member) ?? [];
      return types.has(base)
        ? { type: `tuple${suffix}`, name: memberName, components: membersOf(base) }
        : { type: base + suffix, name: memberName };
    });
  const [primary] = types.keys();
  if (primary === undefined) throw new Error(`${key} is no type.`);
  return membersOf(primary);
}

/** The type at a path, or undefined when the path leads nowhere. */
export function typeAt(parameters: readonly AbiParameter[], path: string): string | undefined {
  let at: AbiParameter = { type: "tuple", components: parameters };
  for (const name of path.split(".")) {
    const array = /^(.*)\[\d*\]$/.exec(at.type);
    const bytes = /^\[(\d+):(\d+)\]$/.exec(name);
    if (name === "[]" && array) at = { ...at, type: array[1] ?? "" };
    else if (bytes && at.type === "uint256") {
      const width = Number(bytes[2]) - Number(bytes[1]);
      if (width <= 0 || Number(bytes[2]) > 32) return undefined;
      at = { type: `uint${8 * width}` };
    } else if ("components" in at && at.type === "tuple") {
      const member: AbiParameter | undefined = at.components.find((each) => each.name === name);
      if (member === undefined) return undefined;
      at = member;
    } else return undefined;
  }
  return "components" in at ? undefined : at.type;
}

/** The paths to all values, arrays with `[]`. */
export function leavesOf(parameters: readonly AbiParameter[], prefix = ""): string[] {
  return parameters.flatMap((parameter) => {
    const arrays = parameter.type.match(/\[\d*\]/g) ?? [];
    const path = [`${prefix}${parameter.name}`, ...arrays.map(() => "[]")].join(".");
    return "components" in parameter ? leavesOf(parameter.components, `${path}.`) : [path];
  });
}

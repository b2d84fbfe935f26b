import { type Hex, toFunctionSelector } from "viem";
import { energyTokenAbi } from "../../abi/energyToken.ts";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import { metersAbi } from "../../abi/meters.ts";

/** The contracts' errors that a match can be skipped or a block not released for, by their selectors. */
const ERRORS: ReadonlyMap<Hex, string> = new Map(
  [...marketplaceAbi, ...metersAbi, ...energyTokenAbi].flatMap((item) => {
    if (item.type !== "error") return [];
    const types = item.inputs.map(({ type }) => type).join(",");
    return [[toFunctionSelector(`${item.name}(${types})`), item.name] as const];
  }),
);

/** The name of the error with this selector, or the selector itself. */
export const errorOf = (selector: Hex): string => ERRORS.get(selector) ?? selector;

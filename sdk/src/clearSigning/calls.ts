import type { Abi, ContractFunctionName } from "viem";
import type { Format } from "./file.ts";

/** The names of the calls that change something. */
export type Call<abi extends Abi> = ContractFunctionName<abi, "nonpayable" | "payable">;

/** Calls that no person signs, and why. */
export const UNDESCRIBED_CALLS = {
  meters: { commit: "Only the marketplace may call it." },
  energyToken: {
    mint: "Only the meters and the marketplace may call it.",
    move: "Only the marketplace may call it.",
    moveAcross: "Only the marketplace may call it.",
  },
} as const;

export const multicall: Format = {
  intent: "Do several things at once",
  fields: [
    {
      path: "data.[]",
      label: "Step",
      format: "calldata",
      params: { calleePath: "@.to" },
      separator: "Step {index}",
    },
  ],
};

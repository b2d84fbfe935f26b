import { type Mode, type metersAbi, modeAt } from "@wattline/sdk";
import type { ContractFunctionReturnType } from "viem";
import { readContract } from "viem/actions";
import { useChainQuery } from "./useChainQuery.ts";

/** What the chain knows of a microgrid. */
export type Microgrid = ContractFunctionReturnType<typeof metersAbi, "view", "microgridOf"> & {
  /** Its number, counted from 1. */
  readonly id: number;
};

/** The mode of a microgrid as a word. */
export const modeOf = ({ mode }: Pick<Microgrid, "mode">): Mode => modeAt(mode);

/** Every microgrid there is, in the order of their founding. */
export const useMicrogrids = () =>
  useChainQuery(["microgrids"], async ({ client, contracts: { meters } }): Promise<Microgrid[]> => {
    const count = await readContract(client, { ...meters, functionName: "microgridCount" });
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const id = index + 1;
        const found = await readContract(client, {
          ...meters,
          functionName: "microgridOf",
          args: [id],
        });
        return { ...found, id };
      }),
    );
  });

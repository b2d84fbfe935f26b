import type { TieLineProposal } from "@wattline/sdk";
import { useProposals } from "../../chain/index.ts";

/** Tie lines that other operators have proposed to this microgrid, and that wait for its own operator. */
export function useWaitingProposals(microgrid: number): readonly TieLineProposal[] {
  const { data = [] } = useProposals();
  return data.filter(
    ({ lower, higher, by }) => [lower, higher].includes(microgrid) && by !== microgrid,
  );
}

import type { Microgrid, TieLineProposal } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import {
  type Call,
  callOf,
  contractsOf,
  useMicrogrids,
  useNetwork,
  useProposals,
} from "../../chain/index.ts";
import {
  type Forward,
  type JudgedReading,
  useForwards,
  useMyMeters,
  useReportCalls,
  useWaiting,
} from "../../energy/index.ts";
import { keyOf, type Readiness, releasesOf, useReadiness } from "../forwards/release.ts";

/** What waits for a household. */
export interface Due {
  /** Signed by its meters and not minted yet. */
  readonly readings: readonly JudgedReading[];
  /** Blocks of forwards whose readings have come. */
  readonly releases: readonly Forward[];
  /** Blocks of forwards that it has bought, whose readings are overdue. */
  readonly overdue: readonly Forward[];
  /** As an operator: tie lines that others have proposed, and microgrids that are handed over to it. */
  readonly proposals: readonly {
    readonly proposal: TieLineProposal;
    readonly microgrid: Microgrid;
  }[];
  readonly roles: readonly Microgrid[];
  /** Every forward that is open, and what can be done with it. */
  readonly open: readonly Forward[];
  readonly readiness: ReadonlyMap<string, Readiness>;
  /** Settles readings and releases at once. */
  readonly calls: readonly Call[];
}

const NONE: readonly Forward[] = [];

/** What waits for a household, or for its microgrid as that's operator; live. */
export function useDue(holder: Address): Due {
  const { data: forwards = NONE } = useForwards(holder);
  const { data: meters } = useMyMeters(holder);
  const { data: microgrids = [] } = useMicrogrids();
  const { data: proposed = [] } = useProposals();
  const { marketplace } = contractsOf(useNetwork());
  const reportCalls = useReportCalls();
  const readings = useWaiting(holder, meters).filter(({ refusal }) => refusal === undefined);
  const open = forwards.filter(({ block }) => block.state === "open");
  const readiness = useReadiness(open);
  const kindOf = (forward: Forward) => readiness.get(keyOf(forward))?.kind;
  const releases = open.filter((forward) => kindOf(forward) === "due");
  const operated = microgrids.filter(({ operator }) => isAddressEqual(operator, holder));
  return {
    readings,
    releases,
    overdue: open.filter(
      (forward) => kindOf(forward) === "overdue" && isAddressEqual(forward.position.buyer, holder),
    ),
    proposals: operated.flatMap((microgrid) =>
      proposed
        .filter(
          ({ lower, higher, by }) =>
            by !== microgrid.microgrid && [lower, higher].includes(microgrid.microgrid),
        )
        .map((proposal) => ({ proposal, microgrid })),
    ),
    roles: microgrids.filter(
      ({ successor }) => successor !== undefined && isAddressEqual(successor, holder),
    ),
    open,
    readiness,
    calls: [
      ...reportCalls(readings),
      ...(releases.length > 0 ? [callOf(marketplace, "release", [releasesOf(releases)])] : []),
    ],
  };
}

import { slotAt } from "@wattline/sdk";
import { useChainQuery, useChainTime, useMicrogrids } from "../../chain/index.ts";
import { readTieLines } from "./readTieLines.ts";

/** The shortest slot length: the flow is read again after it. */
const STEP_SECONDS = 300;

/** All tie lines and proposals, read again as slots pass. */
export function useTieLines() {
  const { data: microgrids } = useMicrogrids();
  const time = useChainTime();
  const step = time === undefined ? undefined : slotAt(time, STEP_SECONDS);
  return useChainQuery(
    ["tie lines", microgrids?.length, step],
    (context) => readTieLines(context, microgrids ?? [], time ?? 0),
    { enabled: microgrids !== undefined && time !== undefined },
  );
}

import { slotAt } from "@wattline/sdk";
import { useChainQuery, useChainTime, useMicrogrids } from "../../chain/index.ts";
import { readLines } from "./readLines.ts";

/** The shortest slot there is: what flows now is another question after it. */
const STEP_SECONDS = 300;

/** Every tie line and proposal, read again as slots pass. */
export function useLines() {
  const { data: microgrids } = useMicrogrids();
  const time = useChainTime();
  const step = time === undefined ? undefined : slotAt(time, STEP_SECONDS);
  return useChainQuery(
    ["lines", microgrids?.length, step],
    (context) => readLines(context, microgrids ?? [], time ?? 0),
    { enabled: microgrids !== undefined && time !== undefined },
  );
}

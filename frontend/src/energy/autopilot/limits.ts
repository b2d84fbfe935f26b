import type { Address } from "viem";
import { recall, remember } from "../../browser/index.ts";

/** What a household has told its agent, as it was typed into the form; amounts in the currency, such as "0.12". */
export interface Autopilot {
  /** The agent's key. */
  readonly delegate: Address;
  /** The home's name in the agent's configuration. */
  readonly home: string;
  /** Where the agent's own page is, on the home's network; undefined for an agent without one. */
  readonly page: string | undefined;
  /** The least for a kWh of surplus. */
  readonly floor: string;
  /** The most for a kWh of need. */
  readonly ceiling: string;
  /** The most that the need of one day may cost. */
  readonly mostADay: string;
}

const keyOf = (chainId: number, holder: Address): string =>
  `wattline.autopilot.${chainId}.${holder.toLowerCase()}`;

/** What was told last in this browser. */
export function recallAutopilot(chainId: number, holder: Address): Partial<Autopilot> {
  try {
    return JSON.parse(recall(keyOf(chainId, holder)) ?? "{}");
  } catch {
    return {};
  }
}

export const rememberAutopilot = (chainId: number, holder: Address, told: Autopilot): void =>
  remember(keyOf(chainId, holder), JSON.stringify(told));

/** Opens the agent's page, which asks there whether the limits are to be these: nothing reaches into the home. */
export function handingLink({ home, page, floor, ceiling, mostADay }: Autopilot) {
  if (page === undefined) return undefined;
  const link = new URL("limits", page);
  const limits = { home, floor, ceiling, most_a_day: mostADay };
  link.search = new URLSearchParams(limits).toString();
  return link.href;
}

/** The same as lines for the agent's configuration. */
export const handingLines = ({ floor, ceiling, mostADay }: Autopilot): string =>
  `floor = "${floor}"\nceiling = "${ceiling}"\nmost_a_day = "${mostADay}"`;

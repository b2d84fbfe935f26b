import { readOptions, settleCommunity, tieLineFor } from "@wattline/community/simulation";
import type { Stack } from "./stack.ts";

/** The homes of each microgrid that is added to the stack's own, so that twelve have two hundred. */
const HOMES = 18;
/** The first local account of the second microgrid: after those of the first. */
const FIRST_ACCOUNT = 12;

/** More microgrids on a stack's chain. */
export interface Town {
  /**
   * Founds microgrids until there are so many, each with a tie line to the one before and the last to the first.
   * @returns The homes of all.
   */
  growTo(microgrids: number): Promise<number>;
}

export function townAround({ wattline, community, series }: Stack): Town {
  const added: Awaited<ReturnType<typeof settleCommunity>>[] = [];
  return {
    async growTo(count) {
      const options = await readOptions(["--seed", "9", "--days", "1"]);
      if (options === "help") throw new Error("The options of the microgrids ask for help.");
      const [planned] = options.communities;
      const line = tieLineFor(series.slotSeconds);
      for (let microgrid = added.length + 2; microgrid <= count; microgrid++) {
        const households = Array.from({ length: HOMES }, (_, index) => {
          const home = planned.households[index % planned.households.length];
          if (home === undefined) throw new Error("Nobody is at home.");
          return { ...home, name: `Home ${index + 1}` };
        });
        const first = FIRST_ACCOUNT + added.length * (HOMES + 2);
        const next = await settleCommunity(
          wattline,
          { ...planned, name: `Street ${microgrid}`, households },
          options.tariffs,
          microgrid,
          first,
        );
        const before = added.at(-1) ?? community;
        await before.agreeTieLine(microgrid, line);
        await next.agreeTieLine(before.microgrid, line);
        added.push(next);
      }
      const last = added.at(-1);
      if (last !== undefined && count >= 3) {
        await last.agreeTieLine(1, line);
        await community.agreeTieLine(last.microgrid, line);
      }
      return community.households.length + added.length * HOMES;
    },
  };
}

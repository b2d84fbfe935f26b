import type { Battery } from "@wattline/sdk/battery";
import highs, { type Highs } from "highs";

/** A community's homes together over the slots of an optimum, and its batteries as if they were one. Wh per slot. */
export interface Pooled {
  /** What homes have left, added up over the homes that have some left. */
  readonly surplusWh: readonly bigint[];
  /** What homes lack, added up over the homes that lack some. */
  readonly needWh: readonly bigint[];
  /** Batteries of one efficiency can be added up, where what neighbours trade costs nothing on the way. */
  readonly battery?: Battery | undefined;
}

/** A tie line between the community at one place of a list and the one at the next. */
export interface PooledLine {
  /** Places in the list of communities. */
  readonly ends: readonly [number, number];
  readonly lossBps: bigint;
  /** In each direction, Wh sent in a slot. */
  readonly capacityWh: bigint;
  /** Base units per kWh sent. */
  readonly wheelingPerKwh: bigint;
}

export interface OptimumTerms {
  readonly slotSeconds: number;
  /** Base units per kWh, one per slot. */
  readonly retailPerKwh: readonly bigint[];
  readonly feedInPerKwh: bigint;
  readonly lines: readonly PooledLine[];
  readonly signal: AbortSignal;
  readonly onProgress: (week: number, weeks: number) => void;
}

const WEEK_SECONDS = 7 * 86_400;
/** How far a week's program looks beyond its end, so that it leaves in the batteries what the next days need. */
const LOOK_AHEAD_SECONDS = 2 * 86_400;
/** Prices of the program are in millionths of a base unit: numbers near one are what a solver likes. */
const SCALE = 1e6;

/**
 * The least that the communities' homes could pay the grid together, with perfect foresight: a linear program, solved by HiGHS week by week, each
 * with a look at the two days after it. Batteries are empty at first.
 * @returns Thousandths of a base unit, one for each week; the last may be shorter.
 * @throws Error when a week has no solution; the signal's reason when it is aborted.
 */
export async function leastCostMillis(
  communities: readonly Pooled[],
  terms: OptimumTerms,
): Promise<bigint[]> {
  solver ??= load();
  const loaded = await solver;
  const { retailPerKwh, slotSeconds, signal, onProgress } = terms;
  const [slots, week] = [retailPerKwh.length, WEEK_SECONDS / slotSeconds];
  const ahead = LOOK_AHEAD_SECONDS / slotSeconds;
  const costs: bigint[] = [];
  let stored = communities.map(() => 0);
  for (let from = 0; from < slots; from += week) {
    signal.throwIfAborted();
    onProgress(costs.length, Math.ceil(slots / week));
    const end = Math.min(slots, from + week);
    const to = Math.min(slots, end + ahead);
    const solved = solve(loaded, program(communities, terms, stored, from, to));
    costs.push(BigInt(Math.round(costOf(communities, terms, solved, from, end) * SCALE)));
    stored = communities.map((_, at) => Math.max(0, solved(`s${at}_${end - 1}`)));
    // So that a signal is heard.
    await new Promise((done) => setImmediate(done));
  }
  return costs;
}

/** The package's types are those of its CommonJS build, whose function is one level deeper. */
const load = "default" in highs ? highs.default : highs;
let solver: Promise<Highs> | undefined;

/** A solved program: the value of a variable, 0 where it has none. */
type Solved = (name: string) => number;

function solve(loaded: Highs, text: string): Solved {
  const { Status, Columns } = loaded.solve(text, { output_flag: false });
  if (Status !== "Optimal") throw new Error(`HiGHS found no optimum of a week: ${Status}.`);
  return (name) => Columns[name]?.Primal ?? 0;
}

/** What the solved slots cost, in the program's prices. */
function costOf(
  communities: readonly Pooled[],
  { retailPerKwh, feedInPerKwh, lines }: OptimumTerms,
  solved: Solved,
  from: number,
  end: number,
): number {
  let cost = 0;
  for (let slot = from; slot < end; slot++) {
    for (const at of communities.keys()) {
      cost += scaled(retailPerKwh[slot]) * solved(`i${at}_${slot}`);
      cost -= scaled(feedInPerKwh) * solved(`e${at}_${slot}`);
    }
    for (const [line, { wheelingPerKwh }] of lines.entries()) {
      const sent = solved(`f${line}_${slot}`) + solved(`g${line}_${slot}`);
      cost += scaled(wheelingPerKwh) * sent;
    }
  }
  return cost;
}

/**
 * The program in CPLEX's LP format. Per community and slot: i drawn from the grid, e fed into it, c and d what batteries take and give,
 * s what they hold after it; per line f and g what is sent each way.
 */
function program(
  communities: readonly Pooled[],
  { retailPerKwh, feedInPerKwh, slotSeconds, lines }: OptimumTerms,
  stored: readonly number[],
  from: number,
  to: number,
): string {
  const costs: string[] = [];
  const rows: string[] = [];
  const bounds: string[] = [];
  for (let slot = from; slot < to; slot++) {
    for (const [line, { capacityWh, wheelingPerKwh }] of lines.entries()) {
      for (const way of ["f", "g"]) {
        costs.push(`+ ${scaled(wheelingPerKwh)} ${way}${line}_${slot}`);
        bounds.push(`0 <= ${way}${line}_${slot} <= ${capacityWh}`);
      }
    }
    for (const [at, { surplusWh, needWh, battery }] of communities.entries()) {
      const [surplus, need] = [surplusWh[slot] ?? 0n, needWh[slot] ?? 0n];
      const name = `${at}_${slot}`;
      const mostWh = battery === undefined ? 0n : (battery.powerW * BigInt(slotSeconds)) / 3600n;
      const crossing = lines.flatMap(({ ends, lossBps }, line) => {
        const arriving = 1 - Number(lossBps) / 10_000;
        if (ends[0] === at) return [`- f${line}_${slot} + ${arriving} g${line}_${slot}`];
        if (ends[1] === at) return [`- g${line}_${slot} + ${arriving} f${line}_${slot}`];
        return [];
      });
      const battered = mostWh === 0n ? "" : ` - c${name} + d${name}`;
      rows.push(`i${name} - e${name}${battered} ${crossing.join(" ")} = ${need - surplus}`);
      costs.push(`+ ${scaled(retailPerKwh[slot])} i${name} - ${scaled(feedInPerKwh)} e${name}`);
      // Where the grid pays more than it charges, nobody draws in order to feed in.
      bounds.push(`0 <= i${name} <= ${need + mostWh}`, `0 <= e${name} <= ${surplus + mostWh}`);
      if (battery === undefined || mostWh === 0n) continue;
      const efficiency = Number(battery.efficiencyPercent) / 100;
      const held = slot === from ? "" : ` - s${at}_${slot - 1}`;
      const before = slot === from ? (stored[at] ?? 0) : 0;
      rows.push(`s${name}${held} - ${efficiency} c${name} + d${name} = ${before}`);
      bounds.push(`0 <= c${name} <= ${mostWh}`, `0 <= d${name} <= ${mostWh}`);
      bounds.push(`0 <= s${name} <= ${battery.capacityWh}`);
    }
  }
  return ["Minimize", ...costs, "Subject To", ...rows, "Bounds", ...bounds, "End", ""].join("\n");
}

const scaled = (perKwh: bigint | undefined): number => Number(perKwh ?? 0n) / SCALE;

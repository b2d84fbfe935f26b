import { at, type Fault } from "./fault.ts";

const ofLines = (
  name: string,
  weight: number,
  begin: Fault["begin"],
): Pick<Fault, "name" | "weight" | "targets" | "holds" | "begin"> => ({
  name,
  weight,
  targets: ({ lines }) => [...lines.keys()],
  holds: (target) => [`line ${target}`],
  begin,
});

/** Nobody answers at the node. */
export const cut: Fault = ofLines("cut", 4, async ({ lines }, target) => {
  const line = at(lines, target);
  await line.cut();
  return { detail: "nobody answers at its node", mend: () => line.mend() };
});

/** Nothing comes from the node any more, and nothing is refused. */
export const frozen: Fault = ofLines("frozen", 2, async ({ lines }, target) => {
  const line = at(lines, target);
  line.freeze();
  return { detail: "its node is silent", mend: () => line.mend() };
});

const [LEAST_MS, MORE_MS] = [100, 1_900];

/** All that the node says comes late. */
export const delayed: Fault = ofLines("delayed", 3, async ({ lines }, target, dice) => {
  const line = at(lines, target);
  const ms = LEAST_MS + dice.below(MORE_MS);
  line.delay(ms);
  return { detail: `its node is heard ${ms} ms late`, mend: () => line.mend() };
});

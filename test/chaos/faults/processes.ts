import { at, type Fault } from "./fault.ts";

/** A process ends without warning, and is started again at once. */
export const killed: Fault = {
  name: "killed",
  weight: 5,
  targets: ({ parts }) => [...parts.keys()],
  holds: (target) => [`process ${target}`],
  async begin({ parts }, target) {
    await at(parts, target).kill();
    return { detail: "SIGKILL, started again at once" };
  },
};

/** A process ends without warning, and is away for a while. */
export const away: Fault = {
  name: "away",
  weight: 3,
  targets: ({ parts }) => [...parts.keys()],
  holds: (target) => [`process ${target}`],
  async begin({ parts }, target) {
    const part = at(parts, target);
    await part.hold();
    return { detail: "SIGKILL, and away for a while", mend: async () => part.start() };
  },
};

import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";

/** Of Linux, everywhere. */
const TICKS_PER_SECOND = 100;

/** What this process has had of the processor, s. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What a process and those that it has started have had of the processor, s; 0 where the system does not say. */
export function cpuSecondsOf(pid: number | string | undefined): number {
  const folder = `/proc/${pid}`;
  if (!existsSync(folder)) return 0;
  const stat = readFileSync(path.join(folder, "stat"), "utf8");
  const [user, system] = stat.split(") ")[1]?.split(" ").slice(11, 13) ?? [];
  const children = readFileSync(path.join(folder, "task", `${pid}`, "children"), "utf8");
  return children
    .split(" ")
    .filter((child) => child !== "")
    .reduce(
      (sum, child) => sum + cpuSecondsOf(child),
      (Number(user) + Number(system)) / TICKS_PER_SECOND,
    );
}

export const loadWords = (): string =>
  `load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`;

/**
 * `npm run -w frontend bench:map`: the longest task of a page while it opens and draws the map, with 1, 3 and 12 microgrids,
 * beside pages without one. Each page is opened several times, and the least counts: other work on the machine only adds.
 * Real chain and Chromium, built app.
 */
import type { Browser, Page } from "playwright-core";
import { openBrowser, openContext } from "../test/support/browser.ts";
import { openStack } from "../test/support/stack.ts";
import { townAround } from "../test/support/town.ts";

const BUDGET_MS = 50;
const OPENINGS = 4;
const SETTLED_MS = 3_000;
const PAGES = [
  { path: "", name: "Home, with the map" },
  { path: "/market", name: "Market" },
  { path: "/energy", name: "My energy" },
] as const;

/** A task of the page's thread. */
interface Task {
  /** From its beginning to its end, waiting for a core included. */
  readonly wallMs: number;
  /** In which the thread has worked. */
  readonly workMs: number;
}

const stack = await openStack();
const town = townAround(stack);
const browser = await openBrowser();
console.log(`Longest task, the least of ${OPENINGS} openings: as it worked, and by the clock.`);
for (const microgrids of [1, 3, 12]) {
  const homes = await town.growTo(microgrids);
  for (const { path, name } of PAGES) {
    const openings: Task[] = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      openings.push(longestOf(await tasksOf(browser, path, path === "" ? homes : 0)));
    }
    const workMs = Math.min(...openings.map((task) => task.workMs));
    const wallMs = Math.min(...openings.map((task) => task.wallMs));
    const figures = [workMs, wallMs].map((ms) => `${ms.toFixed(0).padStart(4)} ms`).join(", ");
    console.log(`${figures}  ${name}, ${homes} homes in ${microgrids} microgrids`);
    if (workMs > BUDGET_MS) process.exitCode = 1;
  }
}
await browser.close();
await stack.close();

function longestOf(tasks: readonly Task[]): Task {
  return {
    workMs: Math.max(0, ...tasks.map((task) => task.workMs)),
    wallMs: Math.max(0, ...tasks.map((task) => task.wallMs)),
  };
}

/** The tasks of a page from its opening until it has stood for a while with all homes drawn. */
async function tasksOf(inside: Browser, path: string, homes: number): Promise<Task[]> {
  const { context } = await openContext(inside, { viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await inside.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await page.goto(`${stack.url}${path}`);
  await drawnIn(page, homes);
  await page.waitForTimeout(SETTLED_MS);
  const trace: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(
    (await inside.stopTracing()).toString(),
  );
  await context.close();
  return tasksIn(trace.traceEvents);
}

async function drawnIn(page: Page, homes: number): Promise<void> {
  if (homes === 0) return;
  await page
    .locator("[data-home]")
    .nth(homes - 1)
    .waitFor();
}

/** What Chromium writes of a task, as far as it is read here; microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** Time of the thread. */
  readonly tdur?: number;
}

/** The tasks of the page's thread: the one that lays out. */
function tasksIn(events: readonly TraceEvent[]): Task[] {
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const layouts = Map.groupBy(
    events.filter(({ name }) => name === "Layout"),
    threadOf,
  );
  const [main] = [...layouts].sort(([, a], [, b]) => b.length - a.length).map(([id]) => id);
  return events
    .filter((event) => event.name === "ThreadControllerImpl::RunTask" && threadOf(event) === main)
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, workMs: tdur / 1000 }));
}

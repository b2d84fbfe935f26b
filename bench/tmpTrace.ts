import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { openBrowser, openContext } from "../frontend/test/support/browser.ts";
const host = fork(`${import.meta.dirname}/pages/host.ts`);
const [{ url }] = await once(host, "message") as [{ url: string }];
const browser = await openBrowser();
for (const page of process.argv.slice(2)) for (let run = 0; run < 2; run++) {
  const { context } = await openContext(browser, { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true });
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  const events: any[] = [];
  cdp.on("Tracing.dataCollected", ({ value }: any) => events.push(...value));
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "disabled-by-default-v8.cpu_profiler", "blink.user_timing"] } } as any);
  await tab.goto(page === "home" ? `${url}/` : `${url}/${page}`);
  await tab.waitForTimeout(6000);
  const done = new Promise<void>((r) => cdp.once("Tracing.tracingComplete", () => r()));
  await cdp.send("Tracing.end"); await done;
  writeFileSync(`/tmp/trace-${page}-${run}.json`, JSON.stringify(events));
  // main renderer thread
  const main = events.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain");
  const start = Math.min(...events.filter((e) => e.name === "navigationStart" || e.name === "ResourceSendRequest").map((e) => e.ts));
  for (const m of main) {
    const tasks = events.filter((e) => e.pid === m.pid && e.tid === m.tid && e.name === "RunTask" && e.dur > 10_000);
    if (tasks.length === 0) continue;
    console.log(page, run, "sum tdur of tasks over 12.5 ms:", tasks.reduce((s, t) => s + Math.max(0, t.tdur / 1000 - 12.5), 0).toFixed(0) + " ms, wall", tasks.reduce((s, t) => s + Math.max(0, t.dur / 1000 - 12.5), 0).toFixed(0));
    for (const t of tasks) {
      const inside = events.filter((e) => e.pid === m.pid && e.tid === m.tid && e.ts >= t.ts && e.ts < t.ts + t.dur && e.dur > 3000 && e.name !== "RunTask").map((e) => `${e.name}${e.args?.data?.functionName ? ":" + e.args.data.functionName : ""}${e.args?.data?.type ? ":" + e.args.data.type : ""} ${(e.dur / 1000).toFixed(0)}`).slice(0, 7);
      console.log("  ", ((t.ts - start) / 1000).toFixed(0), "dur", (t.dur / 1000).toFixed(1), "tdur", (t.tdur / 1000).toFixed(1), inside.join(", "));
    }
  }
  await context.close();
}
await browser.close(); host.disconnect(); process.exit();

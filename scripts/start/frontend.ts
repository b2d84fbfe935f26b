/** Builds the dApp when its sources have changed, and serves it: `node frontend.ts PORT HOST` in its folder. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Plugin, preview } from "vite";
import { HOST } from "./ports.ts";
import { runAsPart } from "./runAsPart.ts";

const port = Number(process.argv[2]);
const host = process.argv[3] ?? HOST;
const root = process.cwd();
const project = path.join(root, "..");
const stamp = path.join(project, ".wattline", "frontend.sha256");

/** Everything that a build depends on, except npm packages. */
const SOURCES = [
  "frontend/{src,public,scripts}/**/*",
  "frontend/*.{html,json,ts}",
  "sdk/src/**/*",
  "services/*/src/**/*.ts",
  "services/*/*.ts",
  "package-lock.json",
];

class BuildError extends Error {}

await runAsPart([BuildError], async (signal) => {
  await buildUnlessDone();
  signal.throwIfAborted();
  const server = await preview({
    root,
    logLevel: "warn",
    plugins: [waitingReadings()],
    preview: { host, port, strictPort: true },
  });
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
});

async function buildUnlessDone(): Promise<void> {
  const wanted = fingerprint();
  const isBuilt = existsSync(path.join(root, "dist", "index.html")) && existsSync(stamp);
  if (isBuilt && readFileSync(stamp, "utf8") === wanted) return;
  console.log("building the pages, which have changed since the last build");
  const vite = path.join(project, "node_modules", "vite", "bin", "vite.js");
  // In a separate process, since a build keeps half a gigabyte of memory.
  const building = spawn(process.execPath, [vite, "build", "--logLevel", "warn"], {
    stdio: "inherit",
  });
  const [code] = await once(building, "exit");
  if (code !== 0) throw new BuildError("The pages can't be built.");
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const file of globSync(SOURCES, { cwd: project, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(path.relative(project, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

/** Serves the file named by `WATTLINE_READINGS` as `/readings.json`, read anew each time. */
function waitingReadings(): Plugin {
  const file = process.env.WATTLINE_READINGS ?? "";
  return {
    name: "wattline-readings",
    configurePreviewServer: ({ middlewares }) =>
      void middlewares.use("/readings.json", (_, response) => {
        void readFile(file)
          .catch(() => '{ "readings": [] }')
          .then((text) => {
            response.setHeader("content-type", "application/json");
            response.setHeader("cache-control", "no-store");
            response.end(text);
          });
      }),
  };
}

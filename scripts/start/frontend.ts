/** The dApp, built when its sources have changed, and served: `node frontend.ts PORT` in its folder. */
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
const root = process.cwd();
const project = path.join(root, "..");
const stamp = path.join(project, ".wattline", "frontend.sha256");

/** All that a build depends on, but for what npm has installed. */
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
    preview: { host: HOST, port, strictPort: true },
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
  console.log("building the pages, as they have changed since the last time");
  const vite = path.join(project, "node_modules", "vite", "bin", "vite.js");
  // In a process of its own, as a build leaves half a gigabyte behind.
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

/** Answers `/readings.json` with the file that `WATTLINE_READINGS` names, read anew each time. */
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

import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, copyFileSync, existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { takeTurn } from "../../../scripts/setup/turn.mjs";
import { WAIT_MS } from "./limits.ts";

/** Where systems install Chromium: first the one without a window, which does a page's work in half the time. */
const USUAL_PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * Starts a headless Chromium: the one that `CHROMIUM_PATH` names, the system's, Playwright's own, or one installed now.
 * @param debuggingPort A port on which another program can control it too.
 * @throws When there is none and none can be installed; the message says what to do.
 */
export async function openBrowser(debuggingPort?: number): Promise<Browser> {
  const executablePath = findChromium() ?? (await installChromium());
  return chromium.launch({
    executablePath,
    // Chromium's sandbox refuses to run as root, as in most containers.
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      // Without it, the shell draws each frame as a graphics card would, which takes a third more of the processor.
      ...(executablePath.includes("headless-shell") ? ["--disable-gpu"] : []),
      // No other machine is reached. Intercepting each request would take a fifth of a test's time.
      `--host-resolver-rules=MAP * ~NOTFOUND, ${HERE.map((host) => `EXCLUDE ${host}`).join(", ")}`,
      ...(debuggingPort === undefined ? [] : [`--remote-debugging-port=${debuggingPort}`]),
    ],
  });
}

function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined) {
    if (isExecutable(named)) return named;
    throw new Error(`CHROMIUM_PATH names ${named}, which is not a program.`);
  }
  return [...USUAL_PLACES, ...playwrightsOwn()].find(isExecutable);
}

/** Browsers of any version in the cache of `playwright-core install`. */
function playwrightsOwn(): string[] {
  const cache =
    process.env.PLAYWRIGHT_BROWSERS_PATH ??
    {
      darwin: path.join(homedir(), "Library/Caches/ms-playwright"),
      win32: path.join(homedir(), "AppData/Local/ms-playwright"),
    }[process.platform as string] ??
    path.join(homedir(), ".cache/ms-playwright");
  if (!existsSync(cache)) return [];
  const inside = [
    "chrome-headless-shell-linux64/chrome-headless-shell",
    "chrome-linux/chrome",
    "chrome-linux64/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-win/chrome.exe",
  ];
  return readdirSync(cache)
    .filter((name) => name.startsWith("chromium"))
    .flatMap((name) => inside.map((file) => path.join(cache, name, file)));
}

/** Installs Debian's package as root, elsewhere Playwright's download; once, also when several tests need it at once. */
async function installChromium(): Promise<string> {
  const turn = await takeTurn(path.join(import.meta.dirname, "../../../.wattline/chromium"));
  try {
    return findChromium() ?? installOne();
  } finally {
    turn.end();
  }
}

function installOne(): string {
  console.error("No Chromium was found; installing one. This happens once.");
  const attempts: (() => void)[] = [
    () => {
      const cli = createRequire(import.meta.url).resolve("playwright-core/cli.js");
      execFileSync(process.execPath, [cli, "install", "chromium-headless-shell"], {
        stdio: "inherit",
      });
    },
  ];
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    attempts.unshift(() => {
      execFileSync("apt-get", ["update"], { stdio: "inherit" });
      execFileSync("apt-get", ["install", "-y", "chromium-headless-shell"], { stdio: "inherit" });
    });
  }
  for (const attempt of attempts) {
    try {
      attempt();
    } catch {
      continue;
    }
    const found = findChromium();
    if (found !== undefined) return found;
  }
  throw new Error(
    "The page tests need Chromium, and none could be installed. Install chromium or Google Chrome, or name one by CHROMIUM_PATH.",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Errors and foreign requests of a context's pages. */
export interface Watch {
  readonly consoleErrors: string[];
  readonly foreignRequests: string[];
  /** @throws When a page logged an error or sent a request to another machine. */
  assertNoFaults(): void;
}

const HERE = ["127.0.0.1", "localhost", "[::1]"];

/** Opens a context without motion, and records its pages' errors and what they ask of other machines. */
export async function openContext(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ context: BrowserContext; watch: Watch }> {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    serviceWorkers: "block",
    // What moves is drawn again and again, which takes time from what is tested.
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  const consoleErrors: string[] = [];
  const foreignRequests: string[] = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && !HERE.includes(hostname)) {
      foreignRequests.push(request.url());
    }
  });
  const listen = (page: Page) => {
    page.on("pageerror", (error) => consoleErrors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") consoleErrors.push(message.text());
    });
  };
  context.on("page", listen);
  const assertNoFaults = () => {
    const faults = [
      ...foreignRequests.map((url) => `A request left the machine: ${url}`),
      ...consoleErrors.map((text) => `The page wrote an error: ${text}`),
    ];
    if (faults.length > 0) throw new Error(faults.join("\n"));
  };
  return { context, watch: { consoleErrors, foreignRequests, assertNoFaults } };
}

/** The folder of screenshots, which are not committed. */
const SCREENSHOTS = path.join(import.meta.dirname, "../../../.wattline/screenshots");

/** The pictures of the guides, which are committed: with `WATTLINE_PICTURES` those that are there are taken anew. */
const PICTURES = path.join(import.meta.dirname, "../../../docs/guides/pictures");

export const VIEWPORTS = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;
export const THEMES = ["light", "dark"] as const;

/** Takes screenshots of the page: at phone width in the dark theme, then at desktop width in the light theme, which stay set. */
export async function takeScreenshots(page: Page, name: string): Promise<void> {
  for (const [width, theme] of [
    ["phone", "dark"],
    ["desktop", "light"],
  ] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(VIEWPORTS[width]);
    const file = `${name}-${width}.png`;
    await page.screenshot({ path: path.join(SCREENSHOTS, file), animations: "disabled" });
    const picture = path.join(PICTURES, file);
    if (process.env.WATTLINE_PICTURES !== undefined && existsSync(picture)) {
      copyFileSync(path.join(SCREENSHOTS, file), picture);
    }
  }
}

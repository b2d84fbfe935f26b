/** Images of `deploy/Dockerfile`, built into folders without a container engine. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/testing/groups.ts";
import { install } from "./lock.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;

interface Step {
  readonly keyword: string;
  readonly rest: string;
}

interface Stage {
  readonly base: string;
  readonly steps: readonly Step[];
}

/** What an image says about the process that runs in it. Paths are those in the image. */
export interface Image {
  /** The folder that stands for the image's root. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
  readonly command: readonly string[];
  readonly health: readonly string[];
}

export function stagesOf(text: string): Map<string, Stage> {
  const stages = new Map<string, { base: string; steps: Step[] }>();
  let last: { base: string; steps: Step[] } | undefined;
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, keyword = "", rest = ""] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (keyword === "FROM") {
      const [, base = "", name = ""] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      last = { base, steps: [] };
      stages.set(name, last);
    } else if (keyword !== "" && last !== undefined) last.steps.push({ keyword, rest });
    else throw new Error(`deploy/Dockerfile: "${line}" is no instruction.`);
  }
  return stages;
}

export const STAGES = stagesOf(readFileSync(path.join(ROOT, "deploy/Dockerfile"), "utf8"));

/** The parts of paths that the build does not send: `deploy/Dockerfile.dockerignore`. */
const IGNORED = readFileSync(path.join(ROOT, "deploy/Dockerfile.dockerignore"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const isSent = (file: string): boolean => {
  const parts = path.relative(ROOT, file).split(path.sep);
  return !IGNORED.some((pattern) =>
    pattern.startsWith("**/") ? parts.includes(pattern.slice(3)) : parts[0] === pattern,
  );
};

/**
 * Builds an image into a folder. By default packages are those of this project, and the pages a build of it; deep runs run npm
 * as the file says.
 * @param builtPages The folder of the built dApp.
 */
export async function build(
  target: string,
  root: string,
  builtPages: () => Promise<string>,
): Promise<Image> {
  const stage = STAGES.get(target);
  if (stage === undefined) throw new Error(`deploy/Dockerfile has no target ${target}.`);
  let image: Image = STAGES.has(stage.base)
    ? await build(stage.base, root, builtPages)
    : {
        root,
        workdir: "/",
        env: {},
        user: undefined,
        volumes: [],
        ports: [],
        command: [],
        health: [],
      };
  mkdirSync(root, { recursive: true });
  for (const { keyword, rest } of stage.steps) image = await apply(keyword, rest);
  return image;

  async function apply(keyword: string, rest: string): Promise<Image> {
    switch (keyword) {
      case "WORKDIR":
        mkdirSync(inImage(rest), { recursive: true });
        return { ...image, workdir: rest };
      case "ENV": {
        const pairs = rest.split(" ").map((pair) => pair.split("=", 2) as [string, string]);
        return { ...image, env: { ...image.env, ...Object.fromEntries(pairs) } };
      }
      case "USER":
        return { ...image, user: rest };
      case "VOLUME":
        return { ...image, volumes: [...image.volumes, rest] };
      case "EXPOSE":
        return { ...image, ports: rest.split(" ").map(Number) };
      case "CMD":
        return { ...image, command: JSON.parse(rest) };
      case "HEALTHCHECK":
        return { ...image, health: JSON.parse(rest.slice(rest.indexOf("["))) };
      case "COPY":
        await copy(rest);
        return image;
      case "RUN":
        await run(rest);
        return image;
      default:
        throw new Error(`deploy/Dockerfile: ${keyword} is not known to this test.`);
    }
  }

  function inImage(place: string): string {
    return path.join(root, path.resolve("/", image.workdir, place));
  }

  async function copy(rest: string): Promise<void> {
    const words = rest.split(" ");
    const [, from] = /^--from=(.*)$/.exec(words[0] ?? "") ?? [];
    const [to = "", ...sources] = words.slice(from === undefined ? 0 : 1).reverse();
    const origin = from === undefined ? ROOT : `${root}-${from}`;
    if (from !== undefined) await build(from, origin, builtPages);
    for (const source of sources) {
      const file = path.join(origin, source);
      if (!existsSync(file)) throw new Error(`deploy/Dockerfile: there is no ${source} to copy.`);
      if (from === undefined) requireTracked(source);
      const isInto = to.endsWith("/") || sources.length > 1;
      const target =
        isInto && !statSync(file).isDirectory() ? path.join(to, path.basename(file)) : to;
      const filter = (each: string) => from !== undefined || isSent(each);
      cpSync(file, inImage(target), { recursive: true, filter });
    }
  }

  async function run(command: string): Promise<void> {
    const [, scope, workspace] =
      /^npm ci (--omit=dev|--include=dev) --workspace (\S+)$/.exec(command) ?? [];
    if (DEEP || (workspace === undefined && command !== BUILD)) {
      // There is no root here, and no user of that name.
      const own = `${process.getuid?.()}:${process.getgid?.()}`;
      const here = command.replaceAll(" /", ` ${root}/`).replaceAll("node:node", own);
      const env = { ...process.env, ...image.env };
      execFileSync("sh", ["-ec", here], { cwd: inImage("."), env, stdio: "inherit" });
    } else if (workspace === undefined) {
      cpSync(await builtPages(), inImage("frontend/dist"), { recursive: true });
    } else if (target !== "built") install(workspace, inImage("."), scope === "--include=dev");
  }
}

/** The pages are built once for all tests. */
const BUILD = "npm run -w frontend build";

/** What git does not have is in nobody else's clone. */
function requireTracked(source: string): void {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", source];
  if (execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }) === "") {
    throw new Error(`deploy/Dockerfile copies ${source}, which git leaves out.`);
  }
}

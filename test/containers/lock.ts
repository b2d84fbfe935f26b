/** What npm installs for a workspace, by package-lock.json. */
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/testing/groups.ts";

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export const LOCKED: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync(path.join(ROOT, "package-lock.json"), "utf8"),
).packages;

/** The places of all packages that a workspace needs, itself first. */
export function neededBy(workspace: string, withDev = false): string[] {
  const found = new Set<string>();
  const look = (place: string, more: Locked["dependencies"] = {}): void => {
    if (found.has(place)) return;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = LOCKED[place] ?? {};
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
      ...more,
    })) {
      const at = placeOf(place, name);
      if (at === undefined) continue;
      const { link, resolved = "" } = LOCKED[at] ?? {};
      if (link === true) found.add(at);
      look(link === true ? resolved : at);
    }
  };
  look(workspace, withDev ? LOCKED[workspace]?.devDependencies : {});
  return [...found];
}

/** Where a package finds another one, as Node looks for it. */
function placeOf(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const place = folder === "." ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (LOCKED[place] !== undefined) return place;
    if (folder === ".") return undefined;
  }
}

/** Installs what a workspace needs from this project's own packages: what `npm ci` would fetch, and nothing else. */
export function install(workspace: string, project: string, withDev: boolean): void {
  for (const place of neededBy(workspace, withDev)) {
    if (!place.includes("node_modules/")) continue;
    const [from, to] = [path.join(ROOT, place), path.join(project, place)];
    // Packages for other platforms are not there.
    if (!existsSync(from)) continue;
    mkdirSync(path.dirname(to), { recursive: true });
    if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else linkTree(from, to);
  }
}

/** The same files once more; a package's own packages are not its files. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.name === "node_modules") continue;
    if (entry.isDirectory()) linkTree(source, target);
    else linkFile(source, target);
  }
}

function linkFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // On another disk.
    copyFileSync(source, target);
  }
}

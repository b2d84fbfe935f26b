import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { OptionsError } from "@wattline/common/options";
import { type BillingRun, runFromJson, runToJson } from "@wattline/sdk/statements";

/*
 * Final runs in a folder that only grows: 0001, 0002 and so on. A run is written under another name and renamed when it is
 * whole. Each has a manifest with the hash of every file and of the manifest before, so that a change of any run is found.
 */

/** A file of a run. */
export interface RunFile {
  readonly name: string;
  readonly text: string;
}

/** The final runs of a folder. */
export interface FinalRuns {
  readonly runs: readonly BillingRun[];
  /** The hash of the last manifest. */
  readonly tip: string;
}

/** A folder's runs are not what was written; the message names the file and says what to do. */
export class ChangedRunError extends OptionsError {}

const [MANIFEST, RUN] = ["manifest.json", "run.json"];
const NO_RUN = "";
const DRAFT = /^\.draft-/;

interface Manifest {
  readonly previous: string;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Reads all final runs, oldest first.
 * @throws ChangedRunError when a file was changed, added or removed, or a run is missing.
 */
export function readRuns(folder: string): FinalRuns {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const runs: BillingRun[] = [];
  let tip = NO_RUN;
  for (const name of names.filter((each) => !DRAFT.test(each))) {
    const where = path.join(folder, name);
    if (name !== nameOf(runs.length + 1)) {
      throw new ChangedRunError(
        `${where} is no run, or the run before it is missing (${nameOf(runs.length + 1)} comes next): restore the folder from a copy.`,
      );
    }
    const text = readFile(path.join(where, MANIFEST));
    const manifest = manifestOf(text, path.join(where, MANIFEST));
    if (manifest.previous !== tip) {
      throw new ChangedRunError(
        `${where} does not follow the run before it, which was changed: restore the folder from a copy.`,
      );
    }
    expectFiles(where, manifest);
    const file = path.join(where, RUN);
    runs.push(runFromJson(readFile(file), file));
    tip = hashOf(text);
  }
  return { runs, tip };
}

/**
 * Writes a final run, whole or not at all.
 * @param before The runs that it was made after.
 * @returns The run's folder.
 * @throws ChangedRunError when another run was written meanwhile.
 */
export function appendRun(
  folder: string,
  before: FinalRuns,
  run: BillingRun,
  files: readonly RunFile[],
): string {
  const target = path.join(folder, nameOf(before.runs.length + 1));
  const draft = path.join(folder, `.draft-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  rmSync(draft, { recursive: true, force: true });
  try {
    const all = [...files, { name: RUN, text: runToJson(run) }];
    mkdirSync(draft);
    for (const { name, text } of all) writeLasting(path.join(draft, name), text);
    const manifest: Manifest = {
      previous: before.tip,
      files: Object.fromEntries(all.map(({ name, text }) => [name, hashOf(text)])),
    };
    writeLasting(path.join(draft, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    // A folder with files in it is never replaced by a renamed one.
    renameSync(draft, target);
    syncFolder(folder);
    return target;
  } catch (error) {
    if (existsSync(target)) {
      throw new ChangedRunError(
        `${target} was written meanwhile, by another run of this command: nothing was written by this one.`,
      );
    }
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Writes a preview, in place of the last one. */
export function writePreview(folder: string, run: BillingRun, files: readonly RunFile[]): void {
  const draft = `${folder}.draft-${process.pid}`;
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    for (const { name, text } of [...files, { name: RUN, text: runToJson(run) }]) {
      writeLasting(path.join(draft, name), text);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const nameOf = (number: number): string => String(number).padStart(4, "0");

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

function manifestOf(text: string, file: string): Manifest {
  try {
    const json: unknown = JSON.parse(text);
    if (isManifest(json)) return json;
  } catch {
    // Told below.
  }
  throw new ChangedRunError(`${file} is no manifest of a run: restore the folder from a copy.`);
}

const isManifest = (json: unknown): json is Manifest =>
  typeof json === "object" &&
  json !== null &&
  "previous" in json &&
  typeof json.previous === "string" &&
  "files" in json &&
  typeof json.files === "object" &&
  json.files !== null &&
  Object.values(json.files).every((hash) => typeof hash === "string");

function expectFiles(where: string, { files }: Manifest): void {
  for (const name of readdirSync(where)) {
    if (name !== MANIFEST && !Object.hasOwn(files, name)) {
      throw new ChangedRunError(
        `${path.join(where, name)} was added to a final run: move it elsewhere.`,
      );
    }
  }
  for (const [name, hash] of Object.entries(files)) {
    const file = path.join(where, name);
    if (hashOf(readFile(file)) !== hash) {
      throw new ChangedRunError(
        `${file} was changed, and a final run can't change: restore it from a copy.`,
      );
    }
  }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ChangedRunError(
      `${file} of a final run can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Writes a file that must not exist, and waits until it is on the disk. */
function writeLasting(file: string, text: string): void {
  const handle = openSync(file, "wx");
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

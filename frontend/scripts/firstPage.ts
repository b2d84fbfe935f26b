import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Manifest } from "vite";

/** The largest size of the first page, bytes gzipped. */
export const BUDGET_BYTES = 250_000;

/** What `/` loads besides what `index.html` names: its script and the messages of one language. */
const OWN = ["src/home/HomePage.tsx", "src/i18n/locales/en.po", "src/home/locales/en.po"];

export interface Weighed {
  readonly file: string;
  /** Gzipped. */
  readonly bytes: number;
}

/**
 * The files of the first page (`/`) of a built app, largest first: `index.html`, what it names, the page's script
 * with all its static imports, and the messages of one language.
 * @throws When the build lacks one of them.
 */
export function weighFirstPage(dist: string): Weighed[] {
  const read = (file: string) => readFileSync(path.join(dist, file));
  const manifest: Manifest = JSON.parse(read(".vite/manifest.json").toString());
  const html = read("index.html").toString();
  // The prerendered pages also name what other pages load.
  const frame = html.replace(/<template id="\w+-\w+">.*?<\/template>/gs, "");
  const named = [...frame.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].flatMap(
    ([, file]) => file ?? [],
  );
  const files = new Set(["index.html", ...named]);
  const seen = new Set<string>();
  for (const key of OWN) filesOf(key);
  return [...files]
    .map((file) => ({ file, bytes: gzipSync(read(file)).length }))
    .sort((a, b) => b.bytes - a.bytes);

  /** Adds the files of a chunk and of all its static imports. */
  function filesOf(key: string): void {
    const chunk = manifest[key];
    if (chunk === undefined) throw new Error(`The build has no ${key}.`);
    if (seen.has(key)) return;
    seen.add(key);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const imported of chunk.imports ?? []) filesOf(imported);
  }
}

export const totalOf = (files: readonly Weighed[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

/** Serves the built dApp from the folder `WATTLINE_PAGES`, with `wattline.json` from the file `WATTLINE_CONFIG`. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const {
  WATTLINE_HOST: host = "127.0.0.1",
  WATTLINE_PORT: port = "8080",
  WATTLINE_PAGES: pages = "dist",
  WATTLINE_CONFIG: config = "wattline.json",
} = process.env;
const folder = path.resolve(pages);
const compress = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const ZIPPED = [".css", ".html", ".js", ".json", ".svg", ".webmanifest"];

/** The headers that the build asks for on every page. */
const headers: readonly (readonly [name: string, value: string])[] = readFileSync(
  path.join(folder, "_headers"),
  "utf8",
)
  .split("\n")
  .flatMap((line) => {
    const [, name, value] = /^ {2}([\w-]+): (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://pages");
  const isZipped = /\bgzip\b/.test(String(request.headers["accept-encoding"]));
  answer(pathname, isZipped, response).catch(() => response.writeHead(500).end());
});
server.listen(Number(port), host, () => console.log(`The pages are at http://${host}:${port}.`));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

async function answer(pathname: string, isZipped: boolean, response: ServerResponse) {
  const found = await fileFor(pathname);
  if (found === undefined) return response.writeHead(404).end("There is no such file.");
  const { bytes, extension } = found;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader("content-type", TYPES[extension] ?? "application/octet-stream");
  // Names of assets hold a hash of what is in them.
  const isForever = pathname.startsWith("/assets/");
  response.setHeader(
    "cache-control",
    isForever ? "public, max-age=31536000, immutable" : "no-cache",
  );
  if (!isZipped || !ZIPPED.includes(extension)) return response.end(bytes);
  response.setHeader("content-encoding", "gzip");
  response.setHeader("vary", "accept-encoding");
  response.end(await compress(bytes));
}

/** A file of the build; for any other path without an extension the page, which finds its way by itself. */
async function fileFor(pathname: string) {
  if (pathname === "/wattline.json") return read(path.resolve(config));
  const file = path.join(folder, path.normalize(pathname));
  if (!file.startsWith(`${folder}${path.sep}`)) return undefined;
  return path.extname(file) === "" ? read(path.join(folder, "index.html")) : read(file);
}

async function read(file: string) {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && { bytes, extension: path.extname(file) };
}

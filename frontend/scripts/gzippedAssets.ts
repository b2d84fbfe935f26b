import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Plugin } from "vite";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
};
const ASSET = /^\/(assets\/[\w.-]+)$/;
const compress = promisify(gzip);

/** `vite preview` sends scripts and styles gzipped and cacheable for ever (their names contain a hash), as static hosts do. */
export function gzippedAssets(): Plugin {
  const known = new Map<string, Promise<Buffer>>();
  return {
    name: "wattline-gzipped-assets",
    configurePreviewServer({ middlewares, config }) {
      const dist = path.resolve(config.root, config.build.outDir);
      middlewares.use((request, response, next) => {
        const file = ASSET.exec(request.url?.split("?")[0] ?? "")?.[1];
        const type = TYPES[path.extname(file ?? "")];
        const accepted = /\bgzip\b/.test(String(request.headers["accept-encoding"]));
        if (file === undefined || type === undefined || !accepted) return next();
        const body = known.get(file) ?? readFile(path.join(dist, file)).then((it) => compress(it));
        known.set(file, body);
        body.then(
          (bytes) => {
            response.setHeader("content-type", type);
            response.setHeader("content-encoding", "gzip");
            response.setHeader("vary", "accept-encoding");
            response.setHeader("cache-control", "public, max-age=31536000, immutable");
            response.end(bytes);
          },
          () => {
            known.delete(file);
            next();
          },
        );
      });
    },
  };
}

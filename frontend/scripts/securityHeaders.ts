import type { Plugin } from "vite";
import { SECURITY_HEADERS } from "../securityHeaders.ts";

/**
 * `vite preview` answers with {@link SECURITY_HEADERS}, and a build has them in the file `_headers`, which several static hosts
 * read.
 */
export function securityHeaders(): Plugin {
  const headers = Object.entries(SECURITY_HEADERS);
  return {
    name: "wattline-security-headers",
    configurePreviewServer({ middlewares }) {
      middlewares.use((_, response, next) => {
        for (const [name, value] of headers) response.setHeader(name, value);
        next();
      });
    },
    generateBundle() {
      const lines = headers.map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n${lines.join("\n")}\n` });
    },
  };
}

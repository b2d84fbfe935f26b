import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";

/**
 * `vite dev` and `vite preview` answer `/wattline.json` with the file that `WATTLINE_CONFIG` names, read on each request.
 * Without it, the file in the served folder is used, as on any static host.
 */
export function wattlineJson(): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const file = process.env.WATTLINE_CONFIG;
    if (file === undefined || request.url?.split("?")[0] !== "/wattline.json") return next();
    void send(file, response);
  };
  return {
    name: "wattline-json",
    configureServer: ({ middlewares }) => void middlewares.use(answer),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(answer),
  };
}

async function send(file: string, response: ServerResponse): Promise<void> {
  try {
    const text = await readFile(file);
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", "no-store");
    response.end(text);
  } catch (error) {
    response.statusCode = 404;
    response.end(`WATTLINE_CONFIG: ${error instanceof Error ? error.message : String(error)}`);
  }
}

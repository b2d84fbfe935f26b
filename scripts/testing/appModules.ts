/** Loads modules of the dApp as its build does, including messages and components. */
import { createServer, type ViteDevServer } from "vite";
import { ROOT } from "./groups.ts";

let server: Promise<ViteDevServer> | undefined;

/** Runs a module of the dApp, with its imports, in this process. */
export async function loadAppModule(file: string): Promise<void> {
  server ??= createServer({
    root: `${ROOT}/frontend`,
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  await (await server).ssrLoadModule(`${ROOT}/${file}`);
}

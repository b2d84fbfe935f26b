import { readFile } from "node:fs/promises";
import { type ClearSigningCurrency, clearSigningFiles, type Deployment } from "@wattline/sdk";
import type { Connect, Plugin } from "vite";

const FOLDER = "/.well-known/erc7730/";

interface Described {
  readonly networks: readonly {
    readonly deployment: Deployment;
    readonly currency: ClearSigningCurrency;
  }[];
}

/**
 * `vite dev` and `vite preview` serve the descriptions that wallets show before signing (ERC-7730), for each network in
 * the file that `WATTLINE_CONFIG` names: `/.well-known/erc7730/index.json` lists the files, one folder per chain id. A
 * static host gets the same files from `npm run clear-signing`.
 */
export function clearSigning(): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const [url = ""] = (request.url ?? "").split("?");
    const config = process.env.WATTLINE_CONFIG;
    if (config === undefined || !url.startsWith(FOLDER)) return next();
    void filesOf(config).then((files) => {
      const file = files.get(url.slice(FOLDER.length));
      response.statusCode = file === undefined ? 404 : 200;
      response.setHeader("content-type", "application/json");
      response.setHeader("access-control-allow-origin", "*");
      response.end(JSON.stringify(file ?? { message: `There is no ${url}.` }));
    }, next);
  };
  return {
    name: "wattline-clear-signing",
    configureServer: ({ middlewares }) => void middlewares.use(answer),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(answer),
  };
}

async function filesOf(config: string): Promise<Map<string, unknown>> {
  const { networks }: Described = JSON.parse(await readFile(config, "utf8"));
  const files = new Map<string, unknown>();
  for (const { deployment, currency } of networks) {
    for (const [name, file] of clearSigningFiles(deployment, currency)) {
      files.set(`${deployment.chainId}/${name}`, file);
    }
  }
  files.set("index.json", { files: [...files.keys()] });
  return files;
}

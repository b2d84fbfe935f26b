import { createServer, type IndexHtmlTransformContext, type Plugin } from "vite";
import { LOCALES } from "../src/i18n/locales.ts";

type Prerender = typeof import("../src/prerender.ts").prerender;
type Bundle = NonNullable<IndexHtmlTransformContext["bundle"]>;

/** The prerendered pages by path, and the chunk of each: a folder with words of its own, and a module in it. */
const PAGES = {
  home: ["home", "HomePage"],
  market: ["market", "MarketPage"],
  energy: ["energy", "EnergyPage"],
  activity: ["activity", "ActivityPage"],
  autopilot: ["energy", "autopilot/AutopilotPage"],
  delivery: ["energy", "delivery/DeliveryPage"],
  microgrid: ["microgrid", "MicrogridPage"],
  audit: ["audit", "AuditPage"],
  gains: ["gains", "GainsPage"],
} as const;
const PLACE = '<div id="root"></div>';
/** The languages that `public/first.js` chooses from. */
const KNOWN = `data-locales="${Object.keys(LOCALES).join(" ")}"`;

/**
 * Puts every page, prerendered in every language, into `index.html`, with links to the modules that it needs;
 * `public/draw.js` shows the requested one and then loads the script. So a page is visible while its script loads. All
 * are in one file, so any static host will do.
 */
export function prerenderPages(): Plugin {
  return {
    name: "wattline-prerender",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      async handler(html, { bundle = {} }) {
        for (const needed of [PLACE, KNOWN]) {
          if (!html.includes(needed)) throw new Error(`index.html has no ${needed}.`);
        }
        const templates = await templatesOf(bundle, html);
        const script = html.match(/<script type="module".*?<\/script>/gs)?.join("") ?? "";
        return html
          .replaceAll(/<script type="module".*?<\/script>\n?/gs, "")
          .replace(
            PLACE,
            () =>
              `${templates}<template id="script">${script}</template>${PLACE}<script src="/draw.js"></script>`,
          );
      },
    },
  };
}

async function templatesOf(bundle: Bundle, html: string): Promise<string> {
  const server = await createServer({
    root: `${import.meta.dirname}/..`,
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    const module = await server.ssrLoadModule("/src/prerender.ts");
    const prerender: Prerender = module.prerender;
    const templates: string[] = [];
    for (const locale of Object.keys(LOCALES)) {
      for (const [page, [folder, chunk]] of Object.entries(PAGES)) {
        const words = [`src/i18n/locales/${locale}.po`, `src/${folder}/locales/${locale}.po`];
        const preloads = chunksOf(bundle, [`src/${folder}/${chunk}.tsx`, ...words])
          .filter((file) => !html.includes(file))
          .map((file) => `<link rel="modulepreload" crossorigin href="/${file}">`)
          .join("");
        const rendered = await prerender(page === "home" ? "/" : `/${page}`, locale);
        // Inert: clicks before the script is loaded would be lost.
        templates.push(
          `<template id="${page}-${locale}">${preloads}<div inert>${rendered}</div></template>`,
        );
      }
    }
    return templates.join("");
  } finally {
    await server.close();
  }
}

/** The files of these modules' chunks and of all their static imports. */
function chunksOf(bundle: Bundle, modules: readonly string[]): string[] {
  const files = new Set<string>();
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  for (const module of modules) {
    const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/${module}`));
    if (chunk === undefined) throw new Error(`The build has no chunk of ${module}.`);
    add(chunk.fileName);
  }
  return [...files];

  function add(name: string): void {
    if (files.has(name)) return;
    files.add(name);
    for (const { fileName, imports } of chunks) if (fileName === name) imports.forEach(add);
  }
}

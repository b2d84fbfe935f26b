/** `npm run icons`: renders the PNG icons of the manifest from `public/icon.svg`, in the tests' browser. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openBrowser } from "../test/support/browser.ts";

const PUBLIC = path.join(import.meta.dirname, "../public");
const svg = readFileSync(path.join(PUBLIC, "icon.svg"), "utf8");
const browser = await openBrowser();
for (const size of [192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0;background:#163d29}svg{display:block}</style>${svg}`);
  await page.locator("svg").evaluate((icon, side) => {
    icon.setAttribute("width", String(side));
    icon.setAttribute("height", String(side));
  }, size);
  writeFileSync(path.join(PUBLIC, `icon-${size}.png`), await page.screenshot());
  await page.close();
}
await browser.close();

import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { type Town, townAround } from "./support/town.ts";

describe("The living map", function () {
  this.timeout(2 * TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let town: Town;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    town = townAround(stack);
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  async function openMap(width: keyof typeof VIEWPORTS, microgrids: number) {
    const opened = await openContext(browser, { viewport: VIEWPORTS[width] });
    const page = await opened.context.newPage();
    await page.goto(stack.url);
    await page
      .getByRole("img", { name: new RegExp(`^Picture of \\d+ homes in ${microgrids} microgrids`) })
      .waitFor();
    return { ...opened, page };
  }

  /** The boxes on the screen of everything that must not lie over each other. */
  const boxesOf = (page: Page, selector: string) =>
    page.locator(selector).evaluateAll((all) =>
      all.map((one) => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return { x, y, width, height };
      }),
    );

  async function requireLegible(page: Page, homes: number): Promise<void> {
    await page
      .locator("[data-home]")
      .nth(homes - 1)
      .waitFor();
    const boxes = await boxesOf(page, "[data-home] > rect");
    expect(boxes).to.have.lengthOf(homes);
    const panels = await boxesOf(page, "[data-microgrid]");
    expect(overlapsIn(boxes)).to.equal(0);
    expect(overlapsIn(panels)).to.equal(0);
    const animated = await page
      .locator(".map-flow")
      .evaluateAll((all) => all.filter((one) => getComputedStyle(one).animationName !== "none"));
    expect(animated).to.have.lengthOf(0);
  }

  for (const microgrids of [1, 3, 12]) {
    it(`is legible with ${microgrids} microgrids, on a desktop and on a phone`, async () => {
      const homes = await town.growTo(microgrids);
      for (const width of ["desktop", "phone"] as const) {
        const { page, context, watch } = await openMap(width, microgrids);
        await requireLegible(page, homes);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(
          VIEWPORTS[width].width,
        );
        await takeScreenshots(page, `map-${microgrids}`);
        watch.assertNoFaults();
        await context.close();
      }
      if (microgrids === 12) expect(homes).to.be.at.least(200);
    });
  }
});

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const overlapsIn = (boxes: readonly Box[]): number =>
  boxes.reduce(
    (sum, a, index) =>
      sum +
      boxes
        .slice(index + 1)
        .filter(
          (b) =>
            a.x < b.x + b.width &&
            b.x < a.x + a.width &&
            a.y < b.y + b.height &&
            b.y < a.y + a.height,
        ).length,
    0,
  );

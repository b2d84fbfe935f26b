import type { Page } from "playwright-core";

/** Scrolls through the page, so that all of it is rendered. */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      await drawn();
      await drawn();
    }
    scrollTo(0, 0);
  });
}

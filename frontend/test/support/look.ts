import type { Page } from "playwright-core";

/** Scrolls through the page, as somebody does who reads it all: only then is all of it drawn. */
export async function lookAtAll(page: Page): Promise<void> {
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

import type { Page } from "playwright-core";

/**
 * Scrolls through the page until it shows all that it reads. Parts that are drawn only when they come near can move down while
 * the page is read, so that one look is not enough.
 */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      await drawn();
      await drawn();
    }
  });
  await page.waitForFunction(() => {
    const placeholder = document.querySelector("main .animate-pulse");
    placeholder?.scrollIntoView();
    return placeholder === null;
  });
  await page.evaluate(() => scrollTo(0, 0));
}

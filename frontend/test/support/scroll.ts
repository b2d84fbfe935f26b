import type { Page } from "playwright-core";

/**
 * Scrolls through the page until it shows all that it reads. Parts that are drawn only when they come near can move down while
 * the page is read, so that one look is not enough.
 *
 * It waits by `waitForFunction`, not inside `evaluate`, which would wait for ever for a page that has stopped drawing.
 */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  // Asked once a frame: a screen is drawn before the next one is scrolled to.
  await page.waitForFunction(() => {
    const before = scrollY;
    scrollBy(0, innerHeight);
    return scrollY === before;
  });
  await page.waitForFunction(() => {
    const placeholder = document.querySelector("main .animate-pulse");
    placeholder?.scrollIntoView();
    return placeholder === null;
  });
  await page.evaluate(() => scrollTo(0, 0));
}

import type { Page } from "playwright-core";

/** Waits until the app has taken the place of the prerendered page, whose fields nobody can fill in. */
export const untilDrawn = (page: Page): Promise<void> =>
  page.locator("[inert] h1").waitFor({ state: "detached" });

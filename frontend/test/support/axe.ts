import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { THEMES } from "./browser.ts";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** Rules whose answer depends on colours: all that another theme can change. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * What violates WCAG 2.2 A or AA in the page as it is, in either theme; one line each, empty when all is well.
 * @param within A selector: the part that has changed since the whole was judged.
 */
export async function violationsOf(page: Page, within?: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of THEMES) {
    // Without motion: halfway from one theme to the other no contrast is right.
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.evaluate(() => {
      const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
      return Promise.allSettled(running.map(({ finished }) => finished));
    });
    const axe = new AxeBuilder({ page });
    if (within !== undefined) axe.include(within);
    const judged = theme === "light" ? axe.withTags(WCAG) : axe.withRules(COLOURS);
    const { violations } = await judged.analyze();
    for (const { id, help, nodes } of violations) {
      const where = nodes.map(({ html }) => html.slice(0, 160)).join(" | ");
      found.push(`${theme}: ${id} (${help}): ${where}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  return found;
}

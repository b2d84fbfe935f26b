import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { THEMES } from "./browser.ts";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** The rules that depend on colours: only they can differ between themes. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * Violations of WCAG 2.2 A or AA in the page, in either theme; one line each. Messages that go by themselves are left out,
 * because while they fade their contrasts are wrong: `within` checks one that is held.
 * @param within A selector, to check only a part of the page.
 */
export async function violationsOf(page: Page, within?: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of THEMES) {
    // Without motion: during the transition between themes, contrasts are wrong.
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.evaluate(async () => {
      // The page hears of the theme before its next frame, and changes its colours then.
      await new Promise(requestAnimationFrame);
      const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
      return Promise.allSettled(running.map(({ finished }) => finished));
    });
    const axe = new AxeBuilder({ page });
    if (within === undefined) axe.exclude("[data-sonner-toaster]");
    else axe.include(within);
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

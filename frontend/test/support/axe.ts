import axe, { type Result, type RunOnly } from "axe-core";
import type { Page } from "playwright-core";
import { THEMES } from "./browser.ts";

declare global {
  interface Window {
    readonly axe: typeof axe;
  }
}

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
  await page.evaluate(axe.source);
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    // `waitForFunction` ends with an error where a page has stopped drawing; `evaluate` would wait for ever.
    await page.waitForFunction(async () => {
      // The page hears of the theme before its next frame, and changes its colours in that or the one after: by transitions,
      // however short, in which contrasts are wrong.
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
      await Promise.allSettled(running.map(({ finished }) => finished));
      return true;
    });
    const rules: RunOnly =
      theme === "light" ? { type: "tag", values: WCAG } : { type: "rule", values: COLOURS };
    const violations = await page.evaluate(check, { rules, within });
    for (const { id, help, nodes } of violations) {
      const where = nodes.map(({ html }) => html.slice(0, 160)).join(" | ");
      found.push(`${theme}: ${id} (${help}): ${where}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

/** Runs in the page, which holds axe. */
async function check({
  rules,
  within,
}: {
  readonly rules: RunOnly;
  readonly within: string | undefined;
}): Promise<Result[]> {
  const where = within === undefined ? { exclude: ["[data-sonner-toaster]"] } : within;
  // What passes is counted too unless it says so, which takes most of the time.
  const { violations } = await window.axe.run(where, {
    runOnly: rules,
    resultTypes: ["violations"],
  });
  return violations;
}

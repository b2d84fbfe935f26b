import type { BrowserContext, Page } from "playwright-core";

/** The marks that each translated text gets at its beginning and end. */
const [OPEN, CLOSE] = ["⟦", "⟧"];

/** Has every text of the German catalogs marked in the pages of a context: what is shown without marks is not translated. */
export async function markTranslations(context: BrowserContext): Promise<void> {
  await context.route(/\/assets\/de-[^/]+\.js$/, async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const body = script.replace(/JSON\.parse\((`(?:[^`\\]|\\.)*`)\)/s, (_, literal: string) => {
      const json = String(new Function(`return ${literal}`)());
      const catalog: Readonly<Record<string, readonly unknown[]>> = JSON.parse(json);
      const marked = Object.fromEntries(
        Object.entries(catalog).map(([id, message]) => [id, [OPEN, ...message, CLOSE]]),
      );
      return `JSON.parse(${JSON.stringify(JSON.stringify(marked))})`;
    });
    await route.fulfill({ response, body });
  });
}

/** What a page says without a translation, word by word: texts, labels, titles and placeholders. */
export async function untranslatedIn(page: Page, names: readonly string[]): Promise<string[]> {
  const found = await page.evaluate(
    ([open, close]) => {
      const said: string[] = [];
      let depth = 0;
      /** The part of a text that is in no translated one. */
      const outside = (text: string): string => {
        let rest = "";
        for (const letter of text) {
          if (letter === open) depth++;
          else if (letter === close) depth--;
          else if (depth === 0) rest += letter;
        }
        return rest;
      };
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
        const parent = node.parentElement;
        if (parent?.closest("script, style, template, [inert], code, .font-mono")) continue;
        said.push(outside(node.textContent ?? ""));
      }
      for (const element of document.body.querySelectorAll("*")) {
        if (element.closest("template, [inert]")) continue;
        for (const name of ["aria-label", "aria-valuetext", "title", "placeholder", "alt"]) {
          depth = 0;
          said.push(outside(element.getAttribute(name) ?? ""));
        }
      }
      return said;
    },
    [OPEN, CLOSE] as const,
  );
  const known = new Set([...DATA, ...names.flatMap((name) => name.split(/\P{L}+/u))]);
  return (
    found
      // Addresses, and names that are cut short.
      .map((text) => text.replaceAll(/0x[0-9a-fA-F…]+|\p{L}+…/gu, ""))
      .filter((text) => (text.match(/\p{L}{3,}/gu) ?? []).some((word) => !known.has(word)))
      .map((text) => text.trim())
  );
}

/** Units, proper names and what Intl writes of dates. */
const DATA = [
  ...["kWh", "MWh", "UTC", "EUR", "tEUR", "JSON", "CSV", "Wattline", "Deutsch", "English"],
  ...["Mai", "Jan", "Feb", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Okt", "Nov", "Dez"],
  ...["Januar", "Februar", "März", "April", "Juni", "Juli", "August", "September", "Oktober"],
  ...["November", "Dezember", "Test", "Wallet", "eip", "Euro", "Europe", "Berlin"],
];

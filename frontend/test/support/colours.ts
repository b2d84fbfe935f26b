import type { Locator } from "playwright-core";

/** A colour of the app, by its token in `app/styles.css`. */
type Colour = "leaf" | "sun" | "sky" | "danger";

/** A colour as the browser computes it in a place. */
export const colourOf = (place: Locator, token: Colour): Promise<string> =>
  place.evaluate((root, name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    root.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }, token);

/** What within a place is painted in a colour, by its text; by its class where it has none. */
export async function paintedIn(place: Locator, token: Colour): Promise<string[]> {
  const wanted = await colourOf(place, token);
  return place.locator("*").evaluateAll(
    (all, colour) =>
      all
        .filter((one) => {
          const { color, backgroundColor } = getComputedStyle(one);
          return color === colour || backgroundColor === colour;
        })
        .map((one) => one.textContent?.trim() || one.getAttribute("class") || one.tagName),
    wanted,
  );
}

/** Charts of the study as inline SVG: bars that stand beside or on each other, with a title for each. */

/** One kind of bars. */
export interface Series {
  readonly name: string;
  /** Its class in the page's style. */
  readonly kind: string;
  readonly values: readonly number[];
}

export interface Chart {
  readonly label: string;
  /** Under the bars. */
  readonly names: readonly string[];
  readonly series: readonly Series[];
  readonly stacked: boolean;
  readonly unit: string;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [960, 240, 64, 26, 12];
const MOST_NAMES = 16;

export function chart({ label, names, series, stacked, unit }: Chart): string {
  const sums = names.map((_, at) => {
    const values = series.map(({ values: own }) => own[at] ?? 0);
    return stacked
      ? values.reduce((sum, value) => sum + Math.max(0, value), 0)
      : Math.max(...values);
  });
  const lowest = stacked ? 0 : Math.min(0, ...series.flatMap(({ values }) => values));
  const highest = niceAbove(Math.max(1e-9, ...sums));
  const bottom = lowest < 0 ? -niceAbove(-lowest) : 0;
  const y = (value: number) =>
    HEIGHT - BOTTOM - ((value - bottom) / (highest - bottom)) * (HEIGHT - BOTTOM - TOP);
  const step = (WIDTH - LEFT) / names.length;
  const width = Math.min(48, (step * 0.76) / (stacked ? 1 : series.length));
  const every = Math.ceil(names.length / MOST_NAMES);
  const bars = names.map((name, at) => {
    const middle = LEFT + step * (at + 0.5);
    let base = 0;
    const rects = series.map(({ kind, name: what, values }, index) => {
      const value = values[at] ?? 0;
      const [from, to] = stacked ? [base, base + Math.max(0, value)] : [0, value];
      base = to;
      const x = stacked ? middle - width / 2 : middle + (index - series.length / 2) * width;
      const [high, low] = [Math.min(y(from), y(to)), Math.max(y(from), y(to))];
      return `<rect class="${kind}" x="${x.toFixed(1)}" y="${high.toFixed(1)}" width="${width.toFixed(1)}" height="${(low - high).toFixed(1)}"><title>${name}: ${plain(value)} ${unit} ${what}</title></rect>`;
    });
    const text =
      at % every === 0
        ? `<text x="${middle.toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${name}</text>`
        : "";
    return rects.join("") + text;
  });
  const marks = [...new Set([bottom, 0, highest / 2, highest])].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${LEFT - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${plain(value)}</text>`,
  );
  const legend = series.map(({ kind, name }) => `<span class="${kind}">${name}</span>`).join("");
  return `<p class="legend">${legend}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${marks.join("")}${bars.join("")}</svg>`;
}

/** The next of 1, 2, 2.5, 5 and 10 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5].find((each) => each * power >= value) ?? 10) * power;
}

const plain = (value: number): string =>
  value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });

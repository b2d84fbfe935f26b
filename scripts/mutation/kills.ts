/** Which files of tests have found mutants of which sources: those are likely to find the next. */
export class Kills {
  readonly #counts = new Map<string, number>();

  add(source: string, file: string): void {
    const key = `${source} ${file}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  order(source: string, files: readonly string[]): string[] {
    const count = (file: string) => this.#counts.get(`${source} ${file}`) ?? 0;
    return files.toSorted((a, b) => count(b) - count(a));
  }
}

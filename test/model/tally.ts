/** What an amount is filed under. */
export type Key = readonly (string | number | bigint)[];

/** Amounts by key: what was never written down is zero. */
export class Tally<K extends Key> {
  private amounts = new Map<string, bigint>();
  private kept = new Map<string, bigint>();
  private readonly keys = new Map<string, K>();
  private readonly touched = new Set<string>();

  of(...key: K): bigint {
    return this.amounts.get(key.join("/")) ?? 0n;
  }

  set(amount: bigint, ...key: K): void {
    const name = key.join("/");
    this.keys.set(name, key);
    this.touched.add(name);
    this.amounts.set(name, amount);
  }

  add(amount: bigint, ...key: K): void {
    this.set(this.of(...key) + amount, ...key);
  }

  /** All that was ever written down. */
  entries(): { readonly key: K; readonly amount: bigint }[] {
    return [...this.keys.values()].map((key) => ({ key, amount: this.of(...key) }));
  }

  /** What was written down since the last time somebody asked, even if it was taken back. */
  takeTouched(): { readonly key: K; readonly amount: bigint }[] {
    const taken = [...this.keys].filter(([name]) => this.touched.has(name));
    this.touched.clear();
    return taken.map(([, key]) => ({ key, amount: this.of(...key) }));
  }

  /** Remembers all amounts as they are now, for {@link takeBack}. */
  keep(): void {
    this.kept = new Map(this.amounts);
  }

  takeBack(): void {
    this.amounts = new Map(this.kept);
  }
}

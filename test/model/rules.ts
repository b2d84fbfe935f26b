/**
 * A step that was refused, with every rule that it breaks. Which of several the contracts name first is theirs to
 * choose; naming another is not.
 */
export class Refused extends Error {
  readonly broken: ReadonlySet<string>;

  constructor(broken: ReadonlySet<string>) {
    super([...broken].join(", "));
    this.broken = broken;
  }
}

/** Collects the rules that a step breaks, each by the name of its error. */
export class Rules {
  readonly broken = new Set<string>();

  refuse(error: string, when = true): void {
    if (when) this.broken.add(error);
  }

  enforce(): void {
    if (this.broken.size > 0) throw new Refused(this.broken);
  }
}

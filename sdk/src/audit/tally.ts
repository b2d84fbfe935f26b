import { CHECK_NAMES, CHECKS, type Check, type Finding, type Verdict } from "./checks.ts";
import { messageOf, type UnseenCode, type Value } from "./messages.ts";

/** The most findings that are kept; all are counted, so that memory stays bounded for any history. */
const MOST_FINDINGS = 1_000;

interface Count {
  checked: number;
  failed: number;
  unseen: number;
  unseenWhy?: UnseenCode | undefined;
  first?: Finding | undefined;
}

/** A finding before it is numbered and placed. */
export interface Told extends Omit<Finding, "message" | "values"> {
  readonly values: Readonly<Record<string, Value>>;
}

/** The state from which a tally can resume. */
export interface KeptTally {
  readonly counts: Map<Check, Count>;
  readonly findings: Finding[];
}

/** Counts checks and keeps findings. */
export class Tally {
  readonly #counts: Map<Check, Count>;
  readonly #findings: Finding[];
  readonly #microgrid: number | undefined;
  readonly #onFinding: ((finding: Finding) => void) | undefined;

  constructor(
    {
      microgrid,
      onFinding,
    }: { readonly microgrid?: number; readonly onFinding?: (finding: Finding) => void },
    kept?: KeptTally,
  ) {
    this.#counts = kept?.counts ?? new Map();
    this.#findings = kept?.findings ?? [];
    this.#microgrid = microgrid;
    this.#onFinding = onFinding;
  }

  checked(check: Check, count = 1): void {
    this.#of(check).checked += count;
  }

  /** Counts what could not be judged, and keeps the first reason. */
  unseen(check: Check, why: UnseenCode, count = 1): void {
    const counts = this.#of(check);
    counts.unseen += count;
    counts.unseenWhy ??= why;
  }

  /** Keeps a finding, unless it is about another microgrid than the requested one. */
  found({ values, ...told }: Told): void {
    const { microgrid, check, code } = told;
    if (this.#microgrid !== undefined && microgrid !== undefined && microgrid !== this.#microgrid) {
      return;
    }
    const finding: Finding = { ...told, message: messageOf(code, values), values: textsOf(values) };
    const count = this.#of(check);
    count.failed++;
    count.first ??= finding;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(finding);
    this.#onFinding?.(finding);
  }

  /** The first thousand. */
  findings(): readonly Finding[] {
    return this.#findings;
  }

  verdicts(): Verdict[] {
    return CHECK_NAMES.map((check) => {
      const about: { readonly title: string; readonly promise?: number } = CHECKS[check];
      return { check, title: about.title, promise: about.promise, ...this.#of(check) };
    });
  }

  kept(): KeptTally {
    return { counts: this.#counts, findings: this.#findings };
  }

  #of(check: Check): Count {
    const known = this.#counts.get(check);
    if (known !== undefined) return known;
    const made = { checked: 0, failed: 0, unseen: 0 };
    this.#counts.set(check, made);
    return made;
  }
}

const textsOf = (values: Readonly<Record<string, Value>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

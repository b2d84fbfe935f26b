/** What one address may do: a burst at once, and a rate per second in the long run. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** An address is dropped once its bucket is full again; at most this many are checked per request. */
const SWEEP = 8;

/** Token buckets by address. */
export class Buckets {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now Milliseconds of a monotonic clock. */
  constructor(allowance: Allowance, now: () => number = () => performance.now()) {
    this.#allowance = allowance;
    this.#now = now;
  }

  /**
   * Takes one token of an address.
   * @returns 0, or the seconds until there will be one.
   */
  take(address: string): number {
    const now = this.#now();
    this.#forget(now);
    const bucket = this.#buckets.get(address) ?? { tokens: this.#allowance.burst, at: now };
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    bucket.tokens = this.#filled(bucket, now);
    bucket.at = now;
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#allowance.perSecond;
    bucket.tokens -= 1;
    return 0;
  }

  /** The number of addresses kept. */
  get size(): number {
    return this.#buckets.size;
  }

  #filled({ tokens, at }: Bucket, now: number): number {
    const { burst, perSecond } = this.#allowance;
    return Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
  }

  /** A Map keeps insertion order, so the least recently seen address comes first. */
  #forget(now: number): void {
    let looked = 0;
    for (const [address, bucket] of this.#buckets) {
      if (++looked > SWEEP || this.#filled(bucket, now) < this.#allowance.burst) return;
      this.#buckets.delete(address);
    }
  }
}

/**
 * Whom a request counts for: an IPv4 address, or the /64 network of an IPv6 subscriber.
 */
export function accountable(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...new Array<string>(gap).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** A maximum flow through a small network, in whole Wh (Dinic 1970): which source serves which bids. */
export class Network {
  readonly #to: number[] = [];
  readonly #leftWh: number[] = [];
  readonly #out: number[][] = [];

  /** @returns The pipe's number, for {@link flowOf}. */
  pipe(from: number, to: number, capacityWh: number): number {
    const pipe = this.#to.length;
    this.#to.push(to, from);
    this.#leftWh.push(capacityWh, 0);
    this.#outOf(from).push(pipe);
    this.#outOf(to).push(pipe + 1);
    return pipe;
  }

  /** The flow through a pipe. */
  flowOf = (pipe: number): number => this.#leftWh[pipe + 1] ?? 0;

  /** Finds the maximum flow from `start` to `end` and returns its size. */
  fill(start: number, end: number): number {
    let total = 0;
    for (;;) {
      const distance = this.#distances(start);
      if (distance[end] === undefined) return total;
      const next = new Array<number>(this.#out.length).fill(0);
      for (;;) {
        const wh = this.#push(start, end, Number.POSITIVE_INFINITY, distance, next);
        if (wh === 0) break;
        total += wh;
      }
    }
  }

  #outOf(node: number): number[] {
    while (this.#out.length <= node) this.#out.push([]);
    return this.#out[node] ?? [];
  }

  #distances(start: number): (number | undefined)[] {
    const distance: (number | undefined)[] = [];
    distance[start] = 0;
    const queue = [start];
    for (const node of queue) {
      for (const pipe of this.#out[node] ?? []) {
        const to = this.#to[pipe] ?? 0;
        if ((this.#leftWh[pipe] ?? 0) === 0 || distance[to] !== undefined) continue;
        distance[to] = (distance[node] ?? 0) + 1;
        queue.push(to);
      }
    }
    return distance;
  }

  /**
   * One path of a shortest length; a path has at most seven steps per detour through a source, so recursion is shallow.
   */
  #push(
    node: number,
    end: number,
    mostWh: number,
    distance: readonly (number | undefined)[],
    next: number[],
  ): number {
    if (node === end) return mostWh;
    const pipes = this.#out[node] ?? [];
    for (let at = next[node] ?? 0; at < pipes.length; at++) {
      next[node] = at;
      const pipe = pipes[at] ?? 0;
      const to = this.#to[pipe] ?? 0;
      const left = this.#leftWh[pipe] ?? 0;
      if (left === 0 || distance[to] !== (distance[node] ?? 0) + 1) continue;
      const wh = this.#push(to, end, Math.min(mostWh, left), distance, next);
      if (wh === 0) continue;
      this.#leftWh[pipe] = left - wh;
      this.#leftWh[pipe ^ 1] = (this.#leftWh[pipe ^ 1] ?? 0) + wh;
      return wh;
    }
    next[node] = pipes.length;
    return 0;
  }
}

/** How long work is stopped, and says how far it is. */
export interface Work {
  readonly signal: AbortSignal;
  /** @param what What is done now. */
  onProgress(what: string, done: number, of: number): void;
}

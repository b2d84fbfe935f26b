/** A turn at work that only one process at a time may do. */
export interface Turn {
  /** Keeps the turn until this process has ended too. */
  share(pid: number): void;
  end(): void;
}

/** Waits until no other process has a turn in this folder. */
export function takeTurn(folder: string): Promise<Turn>;

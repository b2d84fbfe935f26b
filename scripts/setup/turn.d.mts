/** A turn at work that only one process at a time may do. */
export interface Turn {
  /** Keeps the turn until this process has ended too. */
  share(pid: number): void;
  end(): void;
}

/**
 * Waits until no other process has a turn in this folder.
 * @param what It is called where somebody has to wait; an installation by default.
 */
export function takeTurn(folder: string, what?: string): Promise<Turn>;

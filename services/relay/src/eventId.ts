/**
 * The id of an event names the book that it is of, its epoch, and the change: the same number means another change in another
 * book, and who resumes from there would miss orders in silence.
 */
export interface EventId {
  readonly epoch: string;
  readonly sequence: number;
}

export const eventIdText = ({ epoch, sequence }: EventId): string => `${epoch}-${sequence}`;

/** Undefined for what is no event id. */
export function parseEventId(text: string): EventId | undefined {
  const [, epoch, sequence] = /^([0-9a-z]{1,32})-(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, sequence: Number(sequence) };
}

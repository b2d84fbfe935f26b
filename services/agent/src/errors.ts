/** Something that the household can mend; the message names it and says how. */
export class AgentError extends Error {
  override readonly name: string = "AgentError";
}

/** What an error says, in one line. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

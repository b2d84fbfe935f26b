/** Something that whoever runs the program can mend; the message names it and says how. */
export class MendableError extends Error {
  override readonly name: string = "MendableError";
}

/** What an error says, in one line. viem tells what is behind it in `details`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first = ""] = error.message.split("\n");
  const details = "details" in error && typeof error.details === "string" ? error.details : "";
  return details === "" ? first : `${first.replace(/\.$/, "")}: ${details}`;
}

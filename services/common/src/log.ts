/** The lines that a service writes for its operator. */

export type Level = "debug" | "info" | "warn" | "error";

/** What a line says beside its words; those without a level are for information. */
export type Details = Readonly<Record<string, string | number | boolean>> & {
  readonly level?: Level;
};

/** Writes a line. */
export type Report = (message: string, details?: Details) => void;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether logs are for programs: JSON, a line each. */
export const isJsonLog = ({ WATTLINE_LOG }: Environment = process.env): boolean =>
  WATTLINE_LOG === "json";

/** A service's log: sentences for people, or JSON lines when `WATTLINE_LOG` says so (docs/OPERATIONS.md). */
export function openLog(service: string, env: Environment = process.env): Report {
  if (!isJsonLog(env)) {
    return (message, { level = "info" } = {}) =>
      (level === "warn" || level === "error" ? process.stderr : process.stdout).write(
        `${message}\n`,
      );
  }
  return (message, { level = "info", ...fields } = {}) => {
    const more = Object.keys(fields).length > 0 && { fields };
    const line = { time: new Date().toISOString(), level, service, message, ...more };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
}

/** What a program ended by: the words alone when its operator can mend it, else where in the program it was. */
export const lastWordsOf = (error: unknown, isExpected: boolean): string =>
  error instanceof Error
    ? isExpected
      ? error.message
      : (error.stack ?? error.message)
    : String(error);

/** A place in a file. */
export interface Where {
  readonly file: string;
  /** 1 for the first line. */
  readonly line?: number;
  readonly column?: string;
}

/** A profiles file is wrong, or a request for it can't be met. */
export class ProfilesFileError extends Error {
  override readonly name = "ProfilesFileError";
  readonly file: string;
  readonly line: number | undefined;
  readonly column: string | undefined;

  constructor(problem: string, where: Where, cause?: unknown) {
    const place = [
      where.file,
      where.line === undefined ? [] : `line ${where.line}`,
      where.column === undefined ? [] : `column ${where.column}`,
    ];
    super(`${place.flat().join(", ")}: ${problem}`, { cause });
    this.file = where.file;
    this.line = where.line;
    this.column = where.column;
  }
}

import type { OpenFile } from "../input.ts";
import { MeterFileError } from "../types.ts";

/** What a JSON file holds. @throws MeterFileError with the line where it stops being JSON. */
export async function parseJson(file: OpenFile): Promise<unknown> {
  const text = await file.wholeText();
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    const position = /position (\d+)/.exec(reason)?.[1];
    const row =
      position === undefined ? undefined : text.slice(0, Number(position)).split("\n").length;
    throw new MeterFileError(
      file.name,
      row === undefined ? {} : { row },
      "whole JSON: the file is cut or broken",
    );
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A field as text: numbers as they are written, nothing for null. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : "";
}

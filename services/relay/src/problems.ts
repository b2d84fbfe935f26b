import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ZodError } from "zod";
import type { Problem, RuleBroken } from "./wire.ts";

/** Refusals as the relay sends them: a code for programs and a sentence for people, never a stack trace. */

/** A refused request. Thrown where the reason is found, answered in one place. */
export class Refusal extends Error {
  readonly status: 400 | 403 | 404 | 409 | 413 | 429 | 503;
  readonly problem: Problem;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(status: Refusal["status"], problem: Problem, retryAfter?: number) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

const MOST_REASONS = 50;

/** All rules of a schema that a request breaks. */
export function malformed(error: ZodError): Refusal {
  const reasons = error.issues.slice(0, MOST_REASONS).flatMap((issue): RuleBroken[] => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        code: "Relay_UnknownField",
        message: `Unknown member "${key}": leave it out.`,
        path: [...path, key].join("."),
      }));
    }
    return [{ code: "Relay_Malformed", message: issue.message, path: path.join(".") }];
  });
  const [first] = reasons;
  if (first === undefined) {
    return new Refusal(400, { code: "Relay_Malformed", message: "The request is malformed." });
  }
  return new Refusal(400, { ...first, reasons });
}

/** Answers with an error. Only failures of the relay itself are reported to `unexpected`. */
export function answerTo(c: Context, error: Error, unexpected: (error: Error) => void): Response {
  if (error instanceof Refusal) {
    if (error.retryAfter !== undefined) {
      c.header("retry-after", String(Math.max(1, Math.ceil(error.retryAfter))));
    }
    return c.json(error.problem, error.status);
  }
  if (error instanceof HTTPException) {
    // Thrown by Hono for a body that is not JSON.
    return c.json({ code: "Relay_Malformed", message: error.message }, 400);
  }
  unexpected(error);
  return c.json(
    { code: "Relay_Internal", message: "Something went wrong in the relay. Try again later." },
    500,
  );
}

import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";

/** The key of `meta` under which it is. */
export const EPOCH = "epoch";

/** What tells this book from every other one; made with the book, and kept with it. */
export async function epochOf(db: Database): Promise<string> {
  await db
    .insertInto("meta")
    .values({ key: EPOCH, value: randomBytes(8).toString("hex") })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await db
    .selectFrom("meta")
    .select("value")
    .where("key", "=", EPOCH)
    .executeTakeFirstOrThrow();
  return value;
}

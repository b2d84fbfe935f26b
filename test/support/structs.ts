import { Result } from "ethers";

/** The members of a struct that a contract returned, by name. */
export const membersOf = (struct: object): Record<string, unknown> => resultOf(struct).toObject();

/** The members of a struct that a contract returned, in order. */
export const valuesOf = (struct: object): unknown[] => resultOf(struct).toArray();

/** Types know of members and length only; every struct is a {@link Result}. */
function resultOf(struct: object): Result {
  if (struct instanceof Result) return struct;
  throw new Error("This is no struct that a contract returned.");
}

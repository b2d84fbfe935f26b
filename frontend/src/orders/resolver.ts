import { type FieldErrors, get, type Resolver, set } from "react-hook-form";
import { type Draft, type DraftContext, type OrderValues, readDraft } from "./draft.ts";

/** Ties the form to its schema: a draft to sign, or what is wrong at which field. */
export const resolverOf =
  (context: () => DraftContext): Resolver<OrderValues, unknown, Draft> =>
  (values) => {
    const read = readDraft(values, context());
    if (read.success) return { values: read.data, errors: {} };
    const errors: FieldErrors<OrderValues> = {};
    for (const { path, message } of read.error.issues) {
      const name = path.map(String).join(".");
      if (get(errors, name)) continue;
      set(errors, name, { type: "invalid", message });
    }
    return { values: {}, errors };
  };

import { recall, remember } from "../browser/index.ts";

/**
 * What has been refused once, kept in this browser so that nobody is asked for it again.
 * @param key Where it is kept.
 */
export const refusals = (key: string) => ({
  add(what: string): void {
    const refused = [...new Set([...(recall(key) ?? "").split("\n"), what])];
    remember(key, refused.filter(Boolean).join("\n"));
  },
  has: (what: string): boolean => (recall(key) ?? "").split("\n").includes(what),
});

import { useCallback, useSyncExternalStore } from "react";
import { recall, remember } from "../browser/index.ts";
import { shortAddress } from "../ui/index.ts";

/* How accounts are called. In a module, so that sentences in a wallet's dialog find the names as components do. */

/** Who has given a name: oneself, the community's directory, ENS, or the local chain's demo. The first one counts. */
export const ORIGINS = ["own", "directory", "ens", "demo"] as const;
export type Origin = (typeof ORIGINS)[number];

/** What an account is called, and by whom. */
export interface Called {
  readonly name: string;
  readonly origin: Origin;
  /** Where the account's home is, when the household has said so. */
  readonly street?: string | undefined;
}

/** Names by address in lower case. */
export type Names = ReadonlyMap<string, Omit<Called, "origin">>;

const KEY = "wattline.names";
const listeners = new Set<() => void>();
const known: Record<Origin, Names> = {
  own: new Map(),
  directory: new Map(),
  ens: new Map(),
  demo: new Map(),
};
let version = 0;

/** The names of one origin are these from now on. */
export function setNames(origin: Origin, names: Names): void {
  known[origin] = names;
  version += 1;
  for (const listener of listeners) listener();
}

/** Adds what an account is called; the others of this origin stay. */
export const addName = (origin: Origin, account: string, called: Omit<Called, "origin">): void =>
  setNames(origin, new Map(known[origin]).set(account.toLowerCase(), called));

/** What an account is called; undefined when nobody has named it. */
export function calledOf(account: string): Called | undefined {
  for (const origin of ORIGINS) {
    const found = known[origin].get(account.toLowerCase());
    // A pseudonym of one's own does not move the house.
    const street = found?.street ?? known.directory.get(account.toLowerCase())?.street;
    if (found !== undefined) return { name: found.name, origin, street };
  }
  return undefined;
}

/** An account in a sentence that somebody signs: the name, and always the address. */
export function inFull(account: string): string {
  const called = calledOf(account);
  return called === undefined ? shortAddress(account) : `${called.name} · ${shortAddress(account)}`;
}

/** An account in a sentence that is only read. */
export const inShort = (account: string): string =>
  calledOf(account)?.name ?? shortAddress(account);

/** {@link calledOf}, and rendering anew when names change. */
export function useCalled(): typeof calledOf {
  const now = useSyncExternalStore(subscribe, versionNow, versionNow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another function for other names, so that memoised tables see it.
  return useCallback((account: string) => calledOf(account), [now]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const versionNow = (): number => version;

/** Names an account for oneself, in this browser only; without a name it is called as by others again. */
export function nameForOneself(account: string, name: string | undefined): void {
  const next = new Map(known.own);
  if (name === undefined) next.delete(account.toLowerCase());
  else next.set(account.toLowerCase(), { name });
  remember(KEY, JSON.stringify(Object.fromEntries([...next].map(([who, one]) => [who, one.name]))));
  setNames("own", next);
}

/** Reads the address book of this browser. What is no name in it is left out. */
export function openAddressBook(): void {
  let stored: unknown;
  try {
    stored = JSON.parse(recall(KEY) ?? "{}");
  } catch {
    stored = {};
  }
  const entries = Object.entries(stored ?? {}).flatMap(([account, name]) =>
    typeof name === "string" && name !== "" ? [[account, { name }] as const] : [],
  );
  setNames("own", new Map(entries));
}

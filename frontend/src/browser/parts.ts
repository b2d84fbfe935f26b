/* Parts of the app that come after its first page. */

/** A part of the app is not there, and can't be loaded now. */
export class NotLoadedError extends Error {}

const ahead: (() => Promise<unknown>)[] = [];

/**
 * A part that is needed when somebody does something, and to say that it failed. It is fetched when the first page is at
 * rest, so that it is there when nothing can be reached any more.
 * @returns Loads it, anew after a failure. Throws a NotLoadedError.
 */
export function later<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  const part = (): Promise<T> => {
    loading ??= Promise.race([load(), tooLong()]).catch((cause: unknown) => {
      loading = undefined;
      throw new NotLoadedError(String(cause), { cause });
    });
    return loading;
  };
  ahead.push(part);
  return part;
}

/** A network that drops everything says nothing. */
const MOST_MS = 10_000;
const tooLong = (): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error("Timed out")), MOST_MS));

/** Fetches what is needed {@link later}. */
export function loadAhead(): void {
  for (const part of ahead) part().catch(() => undefined);
}

const RETRY_MS = 2_000;
let missing = 0;
let onChange: () => void = () => undefined;

/** Whether a part is being waited for, for `useSyncExternalStore`. */
export const isPartMissing = (): boolean => missing > 0;

export function onPartMissing(listener: () => void): () => void {
  onChange = listener;
  return () => {
    onChange = () => undefined;
  };
}

/**
 * Loads a part to be shown; while the app's server can't be reached, it is waited for.
 * @throws What `load` throws where the server answers: the part is gone, as after an update.
 */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    count(1);
    try {
      while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return await load();
    } finally {
      count(-1);
    }
  }
}

function count(change: number): void {
  missing += change;
  onChange();
}

const isServed = (): Promise<boolean> =>
  fetch("/", { method: "HEAD", cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );

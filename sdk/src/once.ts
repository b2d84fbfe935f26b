/** Makes something when it is first asked for, and keeps it: a page that starts need not wait for what it does not use yet. */
export function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}

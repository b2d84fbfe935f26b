import type { Address, Hex } from "viem";
import type { TypedData } from "./typedData.ts";

/** What the demo wallet asks its owner about. */
export type DemoRequest = { readonly id: number; readonly account: Address } & (
  | { readonly kind: "connect" }
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "typedData"; readonly typedData: TypedData }
  | {
      readonly kind: "transaction";
      readonly to: Address | undefined;
      readonly data: Hex;
      readonly value: bigint;
    }
);

type Unnumbered<T> = T extends DemoRequest ? Omit<T, "id"> : never;

interface Waiting {
  readonly request: DemoRequest;
  answer(confirmed: boolean): void;
}

/** Requests that wait for an answer, the oldest first; the dialog shows that one. */
let waiting: readonly Waiting[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Waiting[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** Asks the owner. @returns Whether the owner confirmed. */
export function ask(request: Unnumbered<DemoRequest>): Promise<boolean> {
  return new Promise((resolve) => {
    lastId += 1;
    const numbered: DemoRequest = { ...request, id: lastId };
    change([...waiting, { request: numbered, answer: resolve }]);
  });
}

/** The owner's answer to a request. */
export function answer(id: number, confirmed: boolean): void {
  const one = waiting.find(({ request }) => request.id === id);
  change(waiting.filter((each) => each !== one));
  one?.answer(confirmed);
}

/** For `useSyncExternalStore`. */
export const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** For `useSyncExternalStore`: the request that is shown. */
export const currentRequest = (): DemoRequest | undefined => waiting[0]?.request;

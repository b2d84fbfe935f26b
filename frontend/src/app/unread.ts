import { useSyncExternalStore } from "react";

/* How many news the connected account has not looked at. In the frame, so that its links show it before the page of them is
loaded. */

let unread = 0;
const listeners = new Set<() => void>();

export function setUnread(count: number): void {
  if (count === unread) return;
  unread = count;
  for (const listener of listeners) listener();
}

export const useUnread = (): number => useSyncExternalStore(subscribe, unreadNow, nothing);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const unreadNow = (): number => unread;
const nothing = (): number => 0;

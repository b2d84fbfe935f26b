import { useSyncExternalStore } from "react";
import { recall, remember } from "../../browser/index.ts";

/* News told by the browser, also when another window is in front. Only somebody who has switched them on gets any. */

const KEY = "wattline.notifications";
const listeners = new Set<() => void>();

/** "none" in a browser that has no notifications; "blocked" when its owner has forbidden them to this page. */
export type Notifying = "on" | "off" | "blocked" | "none";

export const useNotifying = (): Notifying =>
  useSyncExternalStore(subscribe, notifyingNow, () => "none");

function notifyingNow(): Notifying {
  if (typeof Notification === "undefined") return "none";
  if (Notification.permission === "denied") return "blocked";
  return recall(KEY) === "on" && Notification.permission === "granted" ? "on" : "off";
}

/** Asks the browser's permission: call it when the person has pressed something. */
export async function switchOn(): Promise<void> {
  if ((await Notification.requestPermission()) === "granted") remember(KEY, "on");
  announce();
}

export function switchOff(): void {
  remember(KEY, "off");
  announce();
}

/** Shows a sentence, until it is pressed. Tabs that show the same one show it once. */
export async function tell(key: string, sentence: string, onPress: () => void): Promise<void> {
  if (notifyingNow() !== "on") return;
  const options = { body: sentence, tag: key, icon: "/icon-192.png" };
  try {
    const notification = new Notification("Wattline", options);
    notification.onclick = () => {
      window.focus();
      onPress();
    };
  } catch {
    // Phones show those of a service worker only; it sends a message when one is pressed (public/pressed.js).
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification("Wattline", options);
  }
}

/** Hears of pressed notifications of the service worker. @returns what ends it */
export function onPressed(listener: () => void): () => void {
  const hear = ({ data }: MessageEvent) => data === "activity" && listener();
  navigator.serviceWorker?.addEventListener("message", hear);
  return () => navigator.serviceWorker?.removeEventListener("message", hear);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(): void {
  for (const listener of listeners) listener();
}

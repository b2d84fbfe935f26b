import { t } from "@lingui/core/macro";
import type { ReactNode } from "react";
import type { Reason } from "./errors.ts";
import { ReasonText } from "./ReasonText.tsx";

/** The toasts of one deed: each state replaces the one before. */
export interface DeedToast {
  /** The wallet has to confirm. */
  waiting(): void;
  sent(link: string | undefined): void;
  done(link: string | undefined, words?: string): void;
  /** @param begun Whether an earlier transaction of the deed is mined already. */
  declined(begun: boolean): void;
  failed(reason: Reason): void;
  /** It was sent on a chain that is gone. */
  past(): void;
}

/** Tells that there is a place for toasts now. */
export let toasterMounted: () => void = () => undefined;
const mounted = new Promise<void>((resolve) => {
  toasterMounted = resolve;
});

let wanted = false;
let makePlace: () => void = () => undefined;

/** For `useSyncExternalStore`: whether there is a toast to show, which takes a place for them. */
export const toasterWanted = (): boolean => wanted;

/** For `useSyncExternalStore`: tells the one place there is. */
export function onToasterWanted(listener: () => void): () => void {
  makePlace = listener;
  return () => {
    makePlace = () => undefined;
  };
}

/**
 * The library comes with the first toast. One that changes while its place is being made would stay as it was, so all of
 * them wait for it.
 */
async function sonner() {
  wanted = true;
  makePlace();
  const [{ toast }] = await Promise.all([import("sonner"), mounted]);
  return toast;
}

function begun(title: string): DeedToast {
  const id = crypto.randomUUID();
  let isSent = false;
  const show = (
    kind: "loading" | "success" | "info" | "error",
    description: ReactNode,
    link?: string | undefined,
  ): void => {
    void sonner().then((toast) =>
      toast[kind](title, {
        id,
        description,
        duration: kind === "loading" ? Number.POSITIVE_INFINITY : kind === "error" ? 15_000 : 6_000,
        // What waits for the chain goes on without its toast.
        closeButton: kind !== "loading" || isSent,
        ...(link && {
          action: { label: t`Explorer`, onClick: () => window.open(link, "_blank", "noopener") },
        }),
      }),
    );
  };
  show("loading", t`Checking that it will go through…`);
  return {
    waiting: () => show("loading", t`Confirm it in your wallet.`),
    sent(link) {
      isSent = true;
      show("loading", t`Sent. Waiting for the chain…`, link);
    },
    done: (link, words) => show("success", words ?? t`Done.`, link),
    declined: (begun) =>
      show(
        "info",
        begun
          ? t`You declined the rest in your wallet. What was confirmed before it is done, and is used when you try again.`
          : t`You declined it in your wallet. Nothing was sent.`,
      ),
    failed: (reason) => show("error", <ReasonText {...reason} />),
    past: () =>
      show(
        "info",
        t`It was sent on a chain that is not there any more, and is followed no further.`,
      ),
  };
}

export const notify = {
  begun,
  /** A deed that can't even begin. */
  failed(title: string, reason: Reason): void {
    void sonner().then((toast) => toast.error(title, { description: <ReasonText {...reason} /> }));
  },
  /** Something done that needed no transaction. */
  done(title: string, description?: string): void {
    void sonner().then((toast) => toast.success(title, description ? { description } : {}));
  },
  /** The person said no: not a failure. */
  declined(title: string): void {
    const description = t`You declined it in your wallet. Nothing was signed.`;
    void sonner().then((toast) => toast.info(title, { description }));
  },
};

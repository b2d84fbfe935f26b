import { t } from "@lingui/core/macro";

/** The toasts of one deed: each state replaces the one before. */
export interface DeedToast {
  /** The wallet has to confirm. */
  waiting(): void;
  sent(link: string | undefined): void;
  done(link: string | undefined): void;
  declined(): void;
  failed(reason: string): void;
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
  const show = (
    kind: "loading" | "success" | "info" | "error",
    description: string,
    link?: string | undefined,
  ): void => {
    void sonner().then((toast) =>
      toast[kind](title, {
        id,
        description,
        duration: kind === "loading" ? Number.POSITIVE_INFINITY : kind === "error" ? 15_000 : 6_000,
        closeButton: kind !== "loading",
        ...(link && {
          action: { label: t`Explorer`, onClick: () => window.open(link, "_blank", "noopener") },
        }),
      }),
    );
  };
  show("loading", t`Checking that it will go through…`);
  return {
    waiting: () => show("loading", t`Confirm it in your wallet.`),
    sent: (link) => show("loading", t`Sent. Waiting for the chain…`, link),
    done: (link) => show("success", t`Done.`, link),
    declined: () => show("info", t`You declined it in your wallet. Nothing was sent.`),
    failed: (reason) => show("error", reason),
  };
}

export const notify = {
  begun,
  /** A deed that can't even begin. */
  failed(title: string, reason: string): void {
    void sonner().then((toast) => toast.error(title, { description: reason }));
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

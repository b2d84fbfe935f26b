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

/**
 * The library comes after the first page. A toast that changes while its place is being made would stay as it was, so
 * all of them wait for it.
 */
const sonner = () => Promise.all([import("sonner"), mounted]).then(([{ toast }]) => toast);

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

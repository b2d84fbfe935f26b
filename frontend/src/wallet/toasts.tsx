import { t } from "@lingui/core/macro";
import type { ReactNode } from "react";
import type { ExternalToast } from "sonner";
import { later } from "../browser/index.ts";
import type { Reason } from "./errors.ts";
import { ReasonText } from "./ReasonText.tsx";

/** The toasts of one deed: each state replaces the one before. */
export interface DeedToast {
  /** The wallet has to confirm. */
  waiting(): void;
  /** The wallet has to sign, and somebody else sends and pays. */
  signing(): void;
  sent(link: string | undefined): void;
  done(link: string | undefined, words?: string): void;
  /** @param begun Whether an earlier transaction of the deed is mined already. */
  declined(begun: boolean): void;
  failed(reason: Reason): void;
  /** It was sent on a chain that is gone. */
  past(): void;
}

/** What is shown of all messages: the place of toasts, and one that is said without them. */
interface Shown {
  readonly place?: ReactNode;
  readonly plain?: ReactNode;
}

let shown: Shown = {};
let onChange: () => void = () => undefined;

/** For `useSyncExternalStore`. */
export const shownNow = (): Shown => shown;

export function onMessages(listener: () => void): () => void {
  onChange = listener;
  return () => {
    onChange = () => undefined;
  };
}

function show(change: Shown): void {
  shown = { ...shown, ...change };
  onChange();
}

export const closePlain = (): void => show({ plain: undefined });

/** Counts the accounts that have acted: what concerns one before is said no more. */
let turn = 0;

/** Takes away what was said to the account before, also of what is still to be done for it. */
export function forgetMessages(): void {
  turn += 1;
  closePlain();
  if (mounted === undefined) return;
  library().then(
    ({ toast }) => toast.dismiss(),
    () => undefined,
  );
}

const library = later(() => import("./ToastPlace.tsx"));
let mounted: Promise<void> | undefined;

/**
 * Shows a toast. The library comes with the first one, which would stay as it was if it changed while its place is being
 * made, so all of them wait for that. Without the library the same is said plainly.
 */
async function say(
  kind: "loading" | "success" | "info" | "error",
  title: string,
  { description, ...options }: ExternalToast = {},
): Promise<void> {
  try {
    const { toast, ToastPlace } = await library();
    mounted ??= new Promise((resolve) => show({ place: <ToastPlace onMounted={resolve} /> }));
    await mounted;
    closePlain();
    toast[kind](title, { description, ...options });
  } catch {
    show({
      plain: (
        <>
          <b>{title}</b> {description as ReactNode}
        </>
      ),
    });
  }
}

function begun(title: string): DeedToast {
  const id = crypto.randomUUID();
  const own = turn;
  let isSent = false;
  const tell = (
    kind: "loading" | "success" | "info" | "error",
    description: ReactNode,
    link?: string | undefined,
  ): void => {
    if (own !== turn) return;
    void say(kind, title, {
      id,
      description,
      duration: kind === "loading" ? Number.POSITIVE_INFINITY : kind === "error" ? 15_000 : 6_000,
      // What waits for the chain goes on without its toast.
      closeButton: kind !== "loading" || isSent,
      ...(link && {
        action: { label: t`Explorer`, onClick: () => window.open(link, "_blank", "noopener") },
      }),
    });
  };
  tell("loading", t`Checking that it will go through…`);
  return {
    waiting: () => tell("loading", t`Confirm it in your wallet.`),
    signing: () => tell("loading", t`Sign it in your wallet. The community pays the fee.`),
    sent(link) {
      isSent = true;
      tell("loading", t`Sent. Waiting for the chain…`, link);
    },
    done: (link, words) => tell("success", words ?? t`Done.`, link),
    declined: (begun) =>
      tell(
        "info",
        begun
          ? t`You declined the rest in your wallet. What was confirmed before it is done, and is used when you try again.`
          : t`You declined it in your wallet. Nothing was sent.`,
      ),
    failed: (reason) => tell("error", <ReasonText {...reason} />),
    past: () =>
      tell(
        "info",
        t`It was sent on a chain that is not there any more, and is followed no further.`,
      ),
  };
}

export const notify = {
  begun,
  /** A deed that can't even begin. */
  failed(title: string, reason: Reason): void {
    void say("error", title, { description: <ReasonText {...reason} /> });
  },
  /** Something done that needed no transaction. */
  done(title: string, description?: string): void {
    void say("success", title, { description });
  },
  /** The person said no: not a failure. */
  declined(title: string): void {
    void say("info", title, {
      description: t`You declined it in your wallet. Nothing was signed.`,
    });
  },
};

import { Trans } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import type { BookOrder } from "../data/index.ts";
import { Button, Dialog } from "../ui/index.ts";
import { CommunityPays, usePayer } from "../wallet/index.ts";
import { useCancel } from "./useCancel.ts";

/** How to take one order back: at once and without gas, or for certain. */
export function CancelDialog({
  order,
  sentence,
  inBook,
  onClose,
}: {
  readonly order: BookOrder;
  readonly sentence: string;
  /** Whether a relay that answers has it. */
  readonly inBook: boolean;
  onClose(): void;
}) {
  const { withdraw, cancel } = useCancel();
  const payer = usePayer();
  const { doing, during } = useDoing(onClose);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<Trans>Take this order back?</Trans>}
      description={sentence}
    >
      <div className="flex flex-col gap-4">
        {inBook && (
          <Way
            button={
              <Button
                look="secondary"
                busy={doing === "withdraw"}
                onClick={() => during("withdraw", () => withdraw(order))}
              >
                <Trans>Take it off the book</Trans>
              </Button>
            }
          >
            <Trans>
              A signature, no gas. Nobody new finds it; somebody who has kept a copy could still
              fill it.
            </Trans>
          </Way>
        )}
        <Way
          button={
            <Button
              look="danger"
              busy={doing === "cancel"}
              onClick={() => during("cancel", () => cancel(order))}
            >
              <Trans>Cancel on chain</Trans>
            </Button>
          }
        >
          {payer === "community" ? (
            <Trans>
              A signature; the community sends it and pays the fee. This is sure: nobody can fill it
              any more.
            </Trans>
          ) : (
            <Trans>A transaction, with its fee. This is sure: nobody can fill it any more.</Trans>
          )}
        </Way>
      </div>
    </Dialog>
  );
}

/** Asks before everything is taken back. */
export function CancelAllDialog({ onClose }: { onClose(): void }) {
  const { cancelAll } = useCancel();
  const { doing, during } = useDoing(onClose);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<Trans>Cancel all your orders?</Trans>}
      description={
        <Trans>
          This is sure: every order that you or your home agent have signed so far is void, in every
          microgrid with this currency, also those that nobody shows here. What is reserved or
          bought already stays so, and firm orders of a lock stay until it ends.
        </Trans>
      }
    >
      <CommunityPays />
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>
          <Trans>Keep them</Trans>
        </Button>
        <Button
          look="danger"
          busy={doing === "cancelAll"}
          onClick={() => during("cancelAll", cancelAll)}
        >
          <Trans>Cancel all</Trans>
        </Button>
      </div>
    </Dialog>
  );
}

const Way = ({
  button,
  children,
}: {
  readonly button: ReactNode;
  readonly children: ReactNode;
}) => (
  <div className="flex flex-col items-start gap-2 rounded-xl border border-line p-4">
    <p className="text-sm">{children}</p>
    {button}
  </div>
);

/** What is being done; closes when it is done. */
function useDoing(onClose: () => void) {
  const [doing, setDoing] = useState<string>();
  const during = (what: string, act: () => Promise<string>) => {
    setDoing(what);
    void act()
      .then((status) => status === "done" && onClose())
      .finally(() => setDoing(undefined));
  };
  return { doing, during };
}

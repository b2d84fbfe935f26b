import { Trans } from "@lingui/react/macro";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { cx } from "./cx.ts";
import { useLayer } from "./useLayer.ts";

interface DialogProps {
  readonly open: boolean;
  onOpenChange(open: boolean): void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** Whether the address of the page says that it is open. */
  readonly inAddress?: boolean;
  readonly children: ReactNode;
}

const CENTRED =
  "inset-x-0 bottom-0 max-h-[92dvh] rounded-t-3xl sm:inset-auto sm:top-1/2 sm:left-1/2 sm:w-full sm:max-w-lg sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl";
const ASIDE =
  "inset-x-0 bottom-0 max-h-[92dvh] rounded-t-3xl sm:inset-y-0 sm:right-0 sm:left-auto sm:max-h-none sm:w-full sm:max-w-md sm:rounded-none sm:rounded-l-3xl";

/** A dialog in the middle of the page; on a phone at the bottom. */
export const Dialog = (props: DialogProps) => <Layer {...props} place={CENTRED} />;

/** A longer form or details at the side of the page; on a phone at the bottom. */
export const Sheet = (props: DialogProps) => <Layer {...props} place={ASIDE} />;

function Layer({
  open,
  onOpenChange,
  title,
  description,
  inAddress = false,
  children,
  place,
}: DialogProps & { readonly place: string }) {
  // Radix gives the focus back to its own trigger only; these dialogs are opened by anything on the page.
  const openedFrom = useRef<Element | null>(null);
  const leave = useLayer(open, () => onOpenChange(false), inAddress);
  return (
    <Radix.Root open={open} onOpenChange={(next) => (next ? onOpenChange(true) : leave())}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          onOpenAutoFocus={() => {
            openedFrom.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            const opener = openedFrom.current;
            const isThere =
              opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
            (isThere ? opener : document.getElementById("page"))?.focus();
          }}
          className={cx(
            "fixed z-50 overflow-y-auto bg-surface p-5 text-ink shadow-card sm:p-6",
            place,
          )}
          {...(description === undefined && { "aria-describedby": undefined })}
        >
          <div className="mb-4 flex items-start justify-between gap-3">
            <div>
              <Radix.Title className="text-xl font-bold">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-1 text-sm text-muted">
                  {description}
                </Radix.Description>
              )}
            </div>
            <Radix.Close className="-m-1 grid size-10 shrink-0 place-items-center rounded-xl hover:bg-sunken">
              <X aria-hidden="true" className="size-5" />
              <span className="sr-only">
                <Trans>Close</Trans>
              </span>
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

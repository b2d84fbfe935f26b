import { type ComponentType, lazy, Suspense } from "react";
import type { MarketSearch } from "./search.ts";

/** A form for an order of one's own, as a dialog. */
interface OrderDialogProps {
  readonly open: boolean;
  onOpenChange(open: boolean): void;
}

// The forms are a domain of their own; they come when one is opened.
const modules = import.meta.glob<Record<string, ComponentType<OrderDialogProps>>>(
  "/src/orders/{SellDialog,BidDialog}.tsx",
);

const formOf = (name: "SellDialog" | "BidDialog") => {
  const load = modules[`/src/orders/${name}.tsx`];
  if (load === undefined) return undefined;
  return lazy(async () => {
    const form = (await load())[name];
    if (form === undefined) throw new Error(`The module of ${name} does not export it.`);
    return { default: form };
  });
};

const FORMS = { sell: formOf("SellDialog"), bid: formOf("BidDialog") };

/** Which forms there are. */
export const canOpen = (form: "sell" | "bid"): boolean => FORMS[form] !== undefined;

/** The form that the URL has open. */
export function OrderForms({
  open,
  onClose,
}: {
  readonly open: MarketSearch["do"];
  onClose(): void;
}) {
  const Form = open && FORMS[open];
  if (Form === undefined) return null;
  return (
    <Suspense>
      <Form open onOpenChange={(stays) => !stays && onClose()} />
    </Suspense>
  );
}

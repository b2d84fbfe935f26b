import { type ComponentType, lazy } from "react";
import { loadMessages } from "../i18n/messages.ts";

/** Signing orders, and what became of them: each comes with its words, when it is first shown. */
const withWords = <Props>(load: () => Promise<{ default: ComponentType<Props> }>) =>
  lazy(async () => {
    const [component] = await Promise.all([load(), loadMessages("orders")]);
    return component;
  });

export const SellDialog = withWords(() => import("./SellDialog.tsx"));
export const BidDialog = withWords(() => import("./BidDialog.tsx"));
export const OpenOrders = withWords(() => import("./OpenOrders.tsx"));

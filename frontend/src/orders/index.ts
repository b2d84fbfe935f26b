import { lazy } from "react";

/** Signing orders, and what became of them; each comes when it is first shown. */
export const SellDialog = lazy(() =>
  import("./SellDialog.tsx").then(({ SellDialog: component }) => ({ default: component })),
);
export const BidDialog = lazy(() =>
  import("./BidDialog.tsx").then(({ BidDialog: component }) => ({ default: component })),
);
export const OpenOrders = lazy(() =>
  import("./OpenOrders.tsx").then(({ OpenOrders: component }) => ({ default: component })),
);

import { lazily } from "../ui/index.ts";

/** Signing orders, and what became of them; each comes when it is first shown. */
export const SellDialog = lazily(() =>
  import("./SellDialog.tsx").then(({ SellDialog: component }) => ({ default: component })),
);
export const BidDialog = lazily(() =>
  import("./BidDialog.tsx").then(({ BidDialog: component }) => ({ default: component })),
);
export const OpenOrders = lazily(() =>
  import("./OpenOrders.tsx").then(({ OpenOrders: component }) => ({ default: component })),
);
export const SuggestedOffer = lazily(() => import("./SuggestedOffer.tsx"));

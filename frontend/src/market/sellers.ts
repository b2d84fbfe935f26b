import type { Purchase } from "@wattline/sdk";

/** The number of sellers in a purchase. */
export const sellersOf = ({ takes }: Purchase): number =>
  new Set(takes.map(({ ask }) => ask.order.maker.toLowerCase())).size;

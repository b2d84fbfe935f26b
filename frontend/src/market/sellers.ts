import type { Purchase } from "@wattline/sdk";

/** Of how many neighbours a purchase takes. */
export const sellersOf = ({ takes }: Purchase): number =>
  new Set(takes.map(({ ask }) => ask.order.maker.toLowerCase())).size;

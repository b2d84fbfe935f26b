import { plural, t } from "@lingui/core/macro";
import type { SignedOrder } from "@wattline/sdk";
import { isAddressEqual, zeroAddress } from "viem";
import { inShort } from "../people/index.ts";

/** What has happened to orders that are in the book, and who sees them there. */
export function placedWords(
  signed: readonly SignedOrder[],
): readonly [title: string, words: string] {
  const count = signed.length;
  const order = signed[0]?.order;
  const title =
    order?.side === 0
      ? plural(count, { one: "Your offer is in the book", other: "Your # offers are in the book" })
      : plural(count, { one: "Your bid is in the book", other: "Your # bids are in the book" });
  const words =
    order === undefined || isAddressEqual(order.counterparty, zeroAddress)
      ? t`Everybody in the market sees it now.`
      : t`Only ${inShort(order.counterparty)} can take it.`;
  return [title, words];
}

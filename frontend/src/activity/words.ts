import { t } from "@lingui/core/macro";
import type { ActivityEntry, Deed, TradeEntry } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { inShort } from "../people/index.ts";
import { formatEnergy, formatMillis, formatMoment, formatMoney, type Unit } from "../ui/index.ts";

/** For whom, and in which currency, a sentence is written. */
export interface Telling {
  readonly holder: Address;
  readonly currency: Unit;
}

/** An entry in one sentence, with energy, money and the neighbour's name. */
export const sentenceOf = (entry: ActivityEntry, telling: Telling): string =>
  entry.kind === "trade" ? tradeWords(entry, telling) : deedWords(entry, telling);

function tradeWords(trade: TradeEntry, { holder, currency }: Telling): string {
  const { seller, buyer, reserved, delivered, state, withGrid } = trade;
  const sells = isAddressEqual(seller, holder);
  const who = inShort(sells ? buyer : seller);
  const moneyOf = (millis: bigint) => formatMillis(millis, currency);
  if (state === "open" && reserved !== undefined) {
    const [energy, money] = [formatEnergy(reserved.energyWh), moneyOf(reserved.lockedMillis)];
    return sells
      ? t`${who} has reserved ${energy} of yours, for ${money}`
      : t`You have reserved ${energy} from ${who}, for ${money}`;
  }
  if (delivered === undefined) return t`A trade with ${who}`;
  const { sentWh, arrivedWh, dueWh, paidMillis, chargeMillis } = delivered;
  const energy = formatEnergy(sells ? sentWh : arrivedWh);
  const money = moneyOf(sells ? paidMillis - chargeMillis : paidMillis);
  if (state === "short") {
    const due = formatEnergy(dueWh);
    const back = moneyOf(delivered.refundMillis + delivered.forfeitedMillis);
    return sells
      ? t`You delivered ${energy} of ${due} to ${who}, for ${money}`
      : t`${who} delivered ${energy} of ${due}: ${money} paid, ${back} back`;
  }
  if (paidMillis === 0n) return giftWords(sells, energy, who);
  if (withGrid) {
    return sells
      ? t`Sold ${energy} to the grid for ${money}`
      : t`Bought ${energy} from the grid for ${money}`;
  }
  return sells
    ? t`Sold ${energy} to ${who} for ${money}`
    : t`Bought ${energy} from ${who} for ${money}`;
}

const giftWords = (gives: boolean, energy: string, who: string): string =>
  gives ? t`You gave ${energy} to ${who}` : t`${who} gave you ${energy}`;

function deedWords(deed: Deed, { holder, currency }: Telling): string {
  switch (deed.kind) {
    case "deposit": {
      const money = formatMoney(deed.amount, currency);
      return t`You deposited ${money}`;
    }
    case "withdrawal": {
      const money = formatMoney(deed.amount, currency);
      return t`You withdrew ${money}`;
    }
    case "lock": {
      const until = formatMoment(deed.until);
      return t`You locked your money until ${until}`;
    }
    case "cancelAll":
      return t`You cancelled all your orders`;
    case "reading": {
      const energy = formatEnergy(deed.exportedWh);
      return t`Your meter reported ${energy}`;
    }
    case "retirement": {
      const energy = formatEnergy(deed.energyWh);
      return t`You retired ${energy}`;
    }
    case "transfer": {
      const { giver, receiver, energyWh } = deed;
      const gives = isAddressEqual(giver, holder);
      return giftWords(gives, formatEnergy(energyWh), inShort(gives ? receiver : giver));
    }
  }
}

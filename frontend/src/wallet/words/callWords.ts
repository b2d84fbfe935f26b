import { plural, t } from "@lingui/core/macro";
import {
  type boardAbi,
  type energyTokenAbi,
  type marketplaceAbi,
  type metersAbi,
  type microgridsAbi,
  parseEnergyId,
  slotStart,
  sourceAt,
  sumWh,
} from "@wattline/sdk";
import { type DecodeFunctionDataReturnType, zeroAddress } from "viem";
import {
  formatEnergy,
  formatList,
  formatMoment,
  formatPower,
  formatPrice,
} from "../../ui/index.ts";
import {
  moneyWords,
  placeWords,
  profileWords,
  sourceWords,
  type Telling,
  totalWords,
  whenWords,
  whoWords,
} from "./telling.ts";

/** The calls of a contract, told apart by their names. */
type CallsOf<abi extends readonly unknown[]> = DecodeFunctionDataReturnType<abi>;

export type MarketCall = CallsOf<typeof marketplaceAbi>;

/** What a home agent may spend, and how long. */
export function allowanceWords(
  delegate: string,
  amount: bigint,
  until: number,
  telling: Telling,
): string {
  const agent = whoWords(delegate);
  if (amount === 0n) return t`Revoke the home agent ${agent}.`;
  const [money, end] = [moneyWords(amount, telling), formatMoment(until)];
  return t`Let the home agent ${agent} spend up to ${money} in orders, until ${end}.`;
}

export function marketWords(call: MarketCall, telling: Telling): string | undefined {
  switch (call.functionName) {
    case "deposit":
      return t`Bring ${moneyWords(call.args[1], telling)} into escrow.`;
    case "depositWithPermit":
    case "depositWithAuthorization":
      return t`Bring ${moneyWords(call.args[2], telling)} of ${whoWords(call.args[1])} into escrow.`;
    case "withdraw":
      return t`Withdraw ${moneyWords(call.args[1], telling)} to ${whoWords(call.args[2])}.`;
    case "withdrawFor":
      return t`Withdraw ${moneyWords(call.args[2], telling)} of ${whoWords(call.args[0])} to ${whoWords(call.args[3])}.`;
    case "lock":
      return t`Lock your escrow for ${whoWords(call.args[1])} until ${formatMoment(call.args[3])}.`;
    case "lockFor":
      return t`Lock the escrow of ${whoWords(call.args[0])} for ${whoWords(call.args[2])} until ${formatMoment(call.args[4])}.`;
    case "cancel":
      return plural(call.args[0].length, {
        one: "Cancel an order of yours for good.",
        other: "Cancel # orders of yours for good.",
      });
    case "cancelFor":
      return plural(call.args[1].length, {
        one: "Cancel an order for good, as its maker has signed.",
        other: "Cancel # orders for good, as their maker has signed.",
      });
    case "cancelAll":
      return t`Cancel all your orders for good, but for firm ones.`;
    case "cancelAllFor":
      return t`Cancel all orders of ${whoWords(call.args[0])} for good, but for firm ones.`;
    case "authorize":
      return allowanceWords(call.args[1], call.args[2], call.args[3], telling);
    case "authorizeFor": {
      const words = allowanceWords(call.args[2], call.args[3], call.args[4], telling);
      return t`For ${whoWords(call.args[0])}: ${words}`;
    }
    case "accept":
    case "reserve":
      return takeWords(call, telling);
    case "settle": {
      const [orders, , matches] = call.args;
      const energy = formatEnergy(matches.reduce((sum, match) => sum + sumWh(match.energy), 0n));
      const [count, pairs] = [String(orders.length), String(matches.length)];
      return t`Settle ${energy} between ${count} signed orders of neighbours, in ${pairs} matches.`;
    }
    case "release":
      return t`Settle forwards that are due: ${positionsWords(call.args[0], telling)}.`;
    case "undelivered":
      return t`Call energy undelivered that no meter has reported in time: ${positionsWords(call.args[0], telling)}.`;
    default:
      return undefined;
  }
}

function takeWords(
  call: Extract<MarketCall, { functionName: "accept" | "reserve" }>,
  telling: Telling,
): string {
  const [order, , take] = call.args;
  const { wh, energy, when } = profileWords(take.firstBlock, take.energy, order.microgrid, telling);
  const kind = sourceWords(sourceAt(take.source));
  const who = whoWords(order.maker);
  const limit = formatPrice(take.limit, telling.network.currency);
  const total = totalWords(take.limit, wh, telling);
  if (order.side !== 0) {
    return t`Sell ${energy} (${kind}), ${when}, to ${who} for ${total} at least (${limit}, all in).`;
  }
  if (call.functionName === "reserve") {
    return t`Reserve ${energy} (${kind}) still to come, ${when}, from ${who}: ${total} at most is locked until delivery (${limit}, all in).`;
  }
  return take.limit === 0n
    ? t`Take ${energy} (${kind}), ${when}, from ${who} as a gift.`
    : t`Buy ${energy} (${kind}), ${when}, from ${who} for ${total} at most (${limit}, all in).`;
}

type Releases = Extract<MarketCall, { functionName: "release" }>["args"][0];

/** The energy of positions in the blocks that are named. */
const positionsWords = (releases: Releases, telling: Telling): string =>
  formatList(
    releases.map(({ position, blocks }) => {
      const named = position.energy.map((word, index) =>
        (blocks >> BigInt(index)) & 1n ? word : 0n,
      );
      const { energy, when } = profileWords(position.firstBlock, named, position.from, telling);
      return t`${energy} from ${whoWords(position.seller)} to ${whoWords(position.buyer)}, ${when}`;
    }),
  );

export function microgridsWords(
  call: CallsOf<typeof microgridsAbi>,
  telling: Telling,
): string | undefined {
  const place = (microgrid: number) => placeWords(microgrid, telling);
  switch (call.functionName) {
    case "found": {
      const [{ name, slotSeconds }] = call.args;
      const minutes = String(slotSeconds / 60);
      return t`Found the microgrid ${name}, with delivery slots of ${minutes} minutes. You become its operator.`;
    }
    case "schedule": {
      const [microgrid, firstSlot, , levels] = call.args;
      const slotSeconds = telling.microgrids.find(
        (one) => one.microgrid === microgrid,
      )?.slotSeconds;
      const from =
        slotSeconds === undefined
          ? t`delivery slot ${String(firstSlot)}`
          : formatMoment(slotStart(firstSlot, slotSeconds));
      const { currency } = telling.network;
      const tariffs = formatList(
        levels.map(({ feedIn, retail, fee }) => {
          const [pays, charges, net] = [feedIn, retail, fee].map((price) =>
            formatPrice(price, currency),
          );
          return t`the grid pays ${pays ?? ""} and charges ${charges ?? ""}, network fee ${net ?? ""}`;
        }),
      );
      return t`Announce new prices of ${place(microgrid)} from ${from} on: ${tariffs}.`;
    }
    case "setRation":
      return t`Let ordinary meters of ${place(call.args[0])} buy ${formatEnergy(BigInt(call.args[1]))} of each islanded delivery slot, from the next slot on.`;
    case "setDso":
      return t`Let ${whoWords(call.args[1])} earn the network fee of ${place(call.args[0])}.`;
    case "setIslanded":
      return call.args[1]
        ? t`Declare ${place(call.args[0])} islanded from the current delivery slot on.`
        : t`Declare ${place(call.args[0])} connected again from the next delivery slot on.`;
    case "declareIslanded": {
      const [microgrid, first, last] = call.args;
      const when = whenWords(first, last, microgrid, telling);
      return t`Declare past delivery slots of ${place(microgrid)} islanded for good: ${when}.`;
    }
    case "setClosed":
      return call.args[1]
        ? t`Close ${place(call.args[0])} for new trades.`
        : t`Open ${place(call.args[0])} again.`;
    case "handOver":
      return call.args[1] === zeroAddress
        ? t`Take back the offer to hand ${place(call.args[0])} over.`
        : t`Offer ${whoWords(call.args[1])} to become the operator of ${place(call.args[0])}.`;
    case "acceptHandOver":
      return t`Become the operator of ${place(call.args[0])}.`;
    case "proposeTieLine": {
      const [mine, other, { lossBps, capacity }] = call.args;
      const [loss, most] = [`${lossBps / 100} %`, formatEnergy(BigInt(capacity))];
      return t`Propose a tie line between ${place(mine)} and ${place(other)}, or agree to it: it loses ${loss} and carries ${most} per delivery slot.`;
    }
    case "endTieLine":
      return t`End the tie line between ${place(call.args[0])} and ${place(call.args[1])}, after the notice period.`;
    default:
      return undefined;
  }
}

export function metersWords(call: CallsOf<typeof metersAbi>, telling: Telling): string | undefined {
  switch (call.functionName) {
    case "report": {
      const [{ meter, exported }] = call.args;
      const energy = formatEnergy(sumWh(exported));
      return t`Submit a reading of the meter ${whoWords(meter)}: ${energy} are minted to its owner.`;
    }
    case "register": {
      const [{ microgrid, owner, meter, source, capacityW, critical }] = call.args;
      const kind = sourceWords(sourceAt(source));
      const most = formatPower(BigInt(capacityW), 3_600);
      const place = placeWords(microgrid, telling);
      return critical
        ? t`Register the meter ${whoWords(meter)} of ${whoWords(owner)} in ${place}: ${kind}, up to ${most}, a critical load.`
        : t`Register the meter ${whoWords(meter)} of ${whoWords(owner)} in ${place}: ${kind}, up to ${most}.`;
    }
    case "handOverMeter":
      return call.args[1] === zeroAddress
        ? t`Take back the offer to hand the meter ${whoWords(call.args[0])} over.`
        : t`Offer the meter ${whoWords(call.args[0])} to ${whoWords(call.args[1])}.`;
    case "acceptMeter":
      return t`Take the meter ${whoWords(call.args[0])} with all that it has promised.`;
    case "moveMeter":
      return call.args[1] === 0
        ? t`Keep the meter ${whoWords(call.args[0])} where it is registered.`
        : t`Let ${placeWords(call.args[1], telling)} register your meter ${whoWords(call.args[0])}.`;
    case "setCritical":
      return call.args[1]
        ? t`Say that the meter ${whoWords(call.args[0])} feeds a critical load.`
        : t`Say that the meter ${whoWords(call.args[0])} feeds no critical load.`;
    case "retireMeter":
      return t`Take the meter ${whoWords(call.args[0])} out of service.`;
    default:
      return undefined;
  }
}

/** Several readings in one sentence. */
export function readingsWords(calls: readonly CallsOf<typeof metersAbi>[]): string | undefined {
  const words = calls.map((call) =>
    call.functionName === "report" ? sumWh(call.args[0].exported) : undefined,
  );
  const energies = words.filter((wh) => wh !== undefined);
  if (energies.length < 2 || energies.length < words.length) return undefined;
  const energy = formatEnergy(energies.reduce((sum, wh) => sum + wh, 0n));
  const count = String(energies.length);
  return t`Submit ${count} readings of meters: ${energy} in all are minted to their owners.`;
}

export function energyWords(
  call: CallsOf<typeof energyTokenAbi>,
  telling: Telling,
): string | undefined {
  switch (call.functionName) {
    case "retire": {
      const [microgrid, source, firstBlock, words, beneficiary, purpose] = call.args;
      const { energy, when } = profileWords(firstBlock, words, microgrid, telling);
      const kind = sourceWords(sourceAt(source));
      const place = placeWords(microgrid, telling);
      const what = t`Use up ${energy} (${kind}) of ${place}, ${when}, for good, for a certificate of ${whoWords(beneficiary)}.`;
      return purpose === "" ? what : `${what} ${t`Purpose: ${purpose}`}`;
    }
    case "safeTransferFrom":
      return t`Give ${givenWords([call.args[2]], [call.args[3]], telling)} to ${whoWords(call.args[1])}.`;
    case "safeBatchTransferFrom":
      return t`Give ${givenWords(call.args[2], call.args[3], telling)} to ${whoWords(call.args[1])}.`;
    case "setApprovalForAll":
      return call.args[1]
        ? t`Let ${whoWords(call.args[0])} move all your energy.`
        : t`Let ${whoWords(call.args[0])} move your energy no more.`;
    default:
      return undefined;
  }
}

const givenWords = (ids: readonly bigint[], values: readonly bigint[], telling: Telling): string =>
  formatList(
    ids.map((id, index) => {
      const { microgrid, source, slot } = parseEnergyId(id);
      const energy = formatEnergy(values[index] ?? 0n);
      const when = whenWords(slot, slot, microgrid, telling);
      return t`${energy} (${sourceWords(source)}) of ${placeWords(microgrid, telling)}, ${when}`;
    }),
  );

export function boardWords(call: CallsOf<typeof boardAbi>): string | undefined {
  return call.functionName === "pin"
    ? plural(call.args[0].length, {
        one: "Announce a signed order on chain, for everybody to take.",
        other: "Announce # signed orders on chain, for everybody to take.",
      })
    : undefined;
}

import { useLingui } from "@lingui/react/macro";
import {
  ceilDiv,
  type EnergyBySlot,
  MILLIS_PER_UNIT,
  type Microgrid,
  marketplaceAbi,
  type Purchase,
  sumWh,
  takeArguments,
} from "@wattline/sdk";
import { useState } from "react";
import { type Address, isAddressEqual, parseEventLogs, type TransactionReceipt } from "viem";
import { useConnection } from "wagmi";
import {
  type Call,
  callOf,
  contractsOf,
  useAccount,
  useChainTime,
  useNetwork,
} from "../chain/index.ts";
import { formatEnergy, formatMillis } from "../ui/index.ts";
import { isRejection, notify, reasonOf, useDeposit, useTransact } from "../wallet/index.ts";
import { sellersOf } from "./sellers.ts";

/** Whether a purchase is of energy to come: it is then paid when it is delivered. */
export const isReservation = ({ takes }: Purchase): boolean =>
  takes.some(({ ask }) => ask.order.forward);

/** The result of a purchase, from its transaction. */
export interface Bought {
  /** Less than was planned when somebody else was faster. */
  readonly energyWh: bigint;
  /** What was paid for minted energy. */
  readonly paidMillis: bigint;
  /** What is locked for energy to come. */
  readonly lockedMillis: bigint;
  readonly sellers: number;
  readonly retailMillis: bigint;
  readonly transaction: string | undefined;
}

/** How a purchase is paid. */
export interface Funding {
  readonly escrowMillis: bigint;
  /** What must be deposited first, base units. */
  readonly deposit: bigint;
  /** What the wallet lacks for that, base units. */
  readonly lacking: bigint;
  /** Until when the money is locked, so that it can buy nothing that is posted; Unix seconds. */
  readonly lockedUntil: number | undefined;
}

/** How a purchase of this cost would be paid; undefined without a wallet or while it is being read. */
export function useFunding(costMillis: bigint): Funding | undefined {
  const { address } = useConnection();
  const { data } = useAccount(address);
  const time = useChainTime();
  if (data === undefined || time === undefined) return undefined;
  const { balanceMillis, walletBalance, lock } = data;
  // Deposits are whole base units.
  const deposit =
    costMillis > balanceMillis ? ceilDiv(costMillis - balanceMillis, MILLIS_PER_UNIT) : 0n;
  return {
    escrowMillis: balanceMillis,
    deposit,
    lacking: deposit > walletBalance ? deposit - walletBalance : 0n,
    lockedUntil: lock !== undefined && lock.untilSeconds > time ? lock.untilSeconds : undefined,
  };
}

/**
 * Buys what was planned in one transaction: a deposit, if the escrow holds too little, and every take with its own limit per
 * kWh, all in.
 */
export function useBuy() {
  const { t } = useLingui();
  const network = useNetwork();
  const depositCalls = useDeposit();
  const { transact, busy } = useTransact();
  const [signs, setSigns] = useState(false);

  /** @returns undefined when it was declined or failed: a toast says why. */
  async function buy(
    plan: Purchase,
    {
      microgrid,
      meter,
      deposit,
      retailMillis,
    }: {
      readonly microgrid: Microgrid;
      readonly meter: Address | undefined;
      readonly deposit: bigint;
      readonly retailMillis: bigint;
    },
  ): Promise<Bought | undefined> {
    const energy = formatEnergy(plan.totalWh);
    const cost = formatMillis(plan.costMillis, network.currency);
    const title = isReservation(plan)
      ? t`Reserve ${energy} for ${cost}`
      : t`Buy ${energy} for ${cost}`;
    const { marketplace } = contractsOf(network);
    const takes = plan.takes.map((take): Call => {
      const name = take.ask.order.forward ? "reserve" : "accept";
      return callOf(marketplace, name, takeArguments(take, { microgrid, meter }));
    });
    let deposits: Call[] = [];
    if (deposit > 0n) {
      setSigns(true);
      try {
        deposits = await depositCalls(deposit);
      } catch (error) {
        if (isRejection(error)) notify.declined(title);
        else notify.failed(title, await reasonOf(error, network));
        return undefined;
      } finally {
        setSigns(false);
      }
    }
    const outcome = await transact({ title, calls: [...deposits, ...takes] });
    if (outcome.status !== "done") return undefined;
    return {
      ...boughtIn(outcome.receipts, plan),
      sellers: sellersOf(plan),
      retailMillis,
      transaction: outcome.receipts.at(-1)?.transactionHash,
    };
  }

  return { buy, busy: busy || signs };
}

/** What became of a plan, as the marketplace tells it. */
function boughtIn(receipts: readonly TransactionReceipt[], { takes }: Purchase) {
  const logs = receipts.flatMap((receipt) => receipt.logs);
  let [energyWh, paidMillis, lockedMillis] = [0n, 0n, 0n];
  for (const { eventName, args } of parseEventLogs({
    abi: marketplaceAbi,
    eventName: ["Traded", "Reserved"],
    logs,
  })) {
    if (eventName === "Reserved") {
      lockedMillis += args.locked;
      energyWh += arrivedOf(args.position.seller, args.offerNonce, sumWh(args.position.energy));
    } else {
      paidMillis += args.cost;
      energyWh += arrivedOf(args.maker, args.nonce, args.filled);
    }
  }
  return { energyWh, paidMillis, lockedMillis };

  /** What arrives of what was sent; what was cut away loses its share. */
  function arrivedOf(seller: Address, nonce: bigint, sentWh: bigint): bigint {
    const own = takes.filter(
      ({ ask: { order } }) => order.nonce === nonce && isAddressEqual(order.maker, seller),
    );
    const sum = (pick: (take: Purchase["takes"][number]) => EnergyBySlot) =>
      own.reduce((total, take) => [...pick(take).values()].reduce((a, b) => a + b, total), 0n);
    const [sent, arrived] = [sum((take) => take.sentWh), sum((take) => take.arrivedWh)];
    return sent === 0n ? sentWh : (sentWh * arrived) / sent;
  }
}

import { useLingui } from "@lingui/react/macro";
import { marketplaceAbi, type Purchase, takeArguments } from "@wattline/sdk";
import { useState } from "react";
import {
  type Address,
  isAddressEqual,
  parseEventLogs,
  type TransactionReceipt,
  zeroAddress,
} from "viem";
import { useConnection } from "wagmi";
import { type Call, callOf, contractsOf, useAccount, useNetwork } from "../chain/index.ts";
import { formatEnergy, formatMoney } from "../ui/index.ts";
import { isRejection, notify, reasonOf, useDeposit, useTransact } from "../wallet/index.ts";
import { sellersOf } from "./sellers.ts";

/** The result of a purchase, from its transaction. */
export interface Bought {
  readonly energyWh: bigint;
  /** Base units that were paid for minted energy. */
  readonly paid: bigint;
  /** Base units that are locked for energy to come. */
  readonly locked: bigint;
  readonly sellers: number;
  readonly retailCost: bigint;
  readonly transaction: string | undefined;
}

/** How a purchase is paid, base units. */
export interface Funding {
  readonly escrow: bigint;
  readonly wallet: bigint;
  /** What must be deposited first. */
  readonly deposit: bigint;
  /** What the wallet lacks for that. */
  readonly lacking: bigint;
}

/** How a purchase of this cost would be paid; undefined without a wallet or while it is being read. */
export function useFunding(cost: bigint): Funding | undefined {
  const { address } = useConnection();
  const { data } = useAccount(address);
  if (data === undefined) return undefined;
  const deposit = cost > data.balance ? cost - data.balance : 0n;
  return {
    escrow: data.balance,
    wallet: data.walletBalance,
    deposit,
    lacking: deposit > data.walletBalance ? deposit - data.walletBalance : 0n,
  };
}

/**
 * Buys what was planned in one transaction: a deposit, if the escrow holds too little, and every take with its own
 * limit.
 */
export function useBuy() {
  const { t } = useLingui();
  const network = useNetwork();
  const { address } = useConnection();
  const depositCalls = useDeposit();
  const { transact, busy } = useTransact();
  const [signs, setSigns] = useState(false);

  /** @returns undefined when it was declined or failed: a toast says why. */
  async function buy(
    plan: Purchase,
    {
      microgrid,
      meter = zeroAddress,
      deposit,
      retailCost,
    }: {
      readonly microgrid: number;
      readonly meter: Address | undefined;
      readonly deposit: bigint;
      readonly retailCost: bigint;
    },
  ): Promise<Bought | undefined> {
    const energy = formatEnergy(plan.totalWh);
    const cost = formatMoney(plan.cost, network.currency);
    const title = t`Buy ${energy} for ${cost}`;
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
      energyWh: plan.totalWh,
      ...paidIn(outcome.receipts, address),
      sellers: sellersOf(plan),
      retailCost,
      transaction: outcome.receipts.at(-1)?.transactionHash,
    };
  }

  return { buy, busy: busy || signs };
}

function paidIn(receipts: readonly TransactionReceipt[], buyer: Address | undefined) {
  const logs = receipts.flatMap((receipt) => receipt.logs);
  let [paid, locked] = [0n, 0n];
  for (const { eventName, args } of parseEventLogs({
    abi: marketplaceAbi,
    eventName: ["Traded", "Reserved"],
    logs,
  })) {
    if (eventName === "Reserved") locked += args.locked;
    else if (buyer !== undefined && isAddressEqual(args.taker, buyer)) paid += args.cost;
  }
  return { paid, locked };
}

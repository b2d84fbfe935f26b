import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  parseAbi,
  zeroAddress,
} from "viem";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import type { Contracts } from "../../history/events.ts";
import { MILLIS_PER_UNIT, wholeUnits } from "../../money.ts";
import type { AuditState } from "../state.ts";
import { answered, type Question } from "./question.ts";

const erc20Abi = parseAbi(["function balanceOf(address) view returns (uint256)"]);

/**
 * Accounts are asked about in every currency. Whether the money is there and can be withdrawn is asked only for
 * currencies that a microgrid trades in: anyone can deposit a token with false balances, and it hurts only those who
 * hold it.
 */
export function* accountQuestions(
  { accounts, money, communities }: AuditState,
  { marketplace }: Contracts,
  time: number,
): Generator<Question> {
  const traded = new Set([...communities.microgrids.values()].map(({ currency }) => currency));
  for (const [currency, holders] of accounts) {
    for (const [holder, account] of holders) {
      yield {
        check: "state",
        subject: `account ${currency} ${holder}`,
        expects: `${account.balanceMillis} ${account.counter} ${account.lockedUntil}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "accountOf",
            args: [currency, holder],
          });
        },
        judge: answered("accountOf", (data) => {
          const { balance, counter, lockedUntil } = decodeFunctionResult({
            abi: marketplaceAbi,
            functionName: "accountOf",
            data,
          });
          const same =
            balance === account.balanceMillis &&
            counter === account.counter &&
            Number(lockedUntil) === account.lockedUntil;
          return same
            ? undefined
            : {
                code: "account-differs",
                values: { holder, found: balance, due: account.balanceMillis },
              };
        }),
      };
      if (account.settler !== zeroAddress) yield lockQuestion(currency, holder, account);
      const amount = wholeUnits(account.balanceMillis);
      if (!traded.has(currency) || amount <= 0n || account.lockedUntil > time) continue;
      yield {
        check: "withdrawal",
        subject: `withdrawal ${currency} ${holder}`,
        expects: `${amount}`,
        from: holder,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "withdraw",
            args: [currency, amount, holder],
          });
        },
        judge: (answer) =>
          answer === undefined
            ? { code: "cannot-withdraw", values: { holder, balance: amount } }
            : undefined,
      };
    }
  }
  for (const [currency, { accountsMillis, lockedMillis }] of money) {
    if (!traded.has(currency)) continue;
    const owed = accountsMillis + lockedMillis;
    yield {
      check: "escrow",
      subject: `escrow ${currency}`,
      expects: `${owed}`,
      to: currency,
      get data() {
        return encodeFunctionData({
          abi: erc20Abi,
          functionName: "balanceOf",
          args: [marketplace],
        });
      },
      judge: answered("balanceOf", (data) => {
        const held = decodeFunctionResult({ abi: erc20Abi, functionName: "balanceOf", data });
        return held * MILLIS_PER_UNIT >= owed
          ? undefined
          : { code: "escrow-short", values: { held, currency, owed } };
      }),
    };
  }

  function lockQuestion(
    currency: Address,
    holder: Address,
    { settler, signer }: { readonly settler: Address; readonly signer: Address },
  ): Question {
    return {
      check: "state",
      subject: `lock ${currency} ${holder}`,
      expects: `${settler} ${signer}`,
      to: marketplace,
      get data() {
        return encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "lockOf",
          args: [currency, holder],
        });
      },
      judge: answered("lockOf", (data) => {
        const lock = decodeFunctionResult({ abi: marketplaceAbi, functionName: "lockOf", data });
        return lock.settler === settler && lock.signer === signer
          ? undefined
          : { code: "lock-differs", values: { holder } };
      }),
    };
  }
}

export function* allowanceQuestions(
  { allowances }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [key, { amountMillis, untilSeconds }] of allowances) {
    const [maker, currency, delegate] = key.split(" ") as [Address, Address, Address];
    yield {
      check: "state",
      subject: `allowance ${key}`,
      expects: `${amountMillis} ${untilSeconds}`,
      to: marketplace,
      get data() {
        return encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "allowanceOf",
          args: [maker, currency, delegate],
        });
      },
      judge: answered("allowanceOf", (data) => {
        const { amount, until } = decodeFunctionResult({
          abi: marketplaceAbi,
          functionName: "allowanceOf",
          data,
        });
        return amount === amountMillis && until === untilSeconds
          ? undefined
          : {
              code: "allowance-differs",
              values: { delegate, maker, found: amount, due: amountMillis },
            };
      }),
    };
  }
}

export function* mandateQuestions(
  { mandates }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [holder, due] of mandates) {
    yield {
      check: "state",
      subject: `mandates ${holder}`,
      expects: `${due}`,
      to: marketplace,
      get data() {
        return encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "mandateNonceOf",
          args: [holder],
        });
      },
      judge: answered("mandateNonceOf", (data) => {
        const found = BigInt(data);
        // A cancellation of nothing leaves no event.
        return found >= due
          ? undefined
          : { code: "mandates-differ", values: { holder, found, due } };
      }),
    };
  }
}

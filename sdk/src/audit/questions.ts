import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseAbi,
  zeroAddress,
} from "viem";
import { energyTokenAbi } from "../abi/energyToken.ts";
import { marketplaceAbi } from "../abi/marketplace.ts";
import { metersAbi } from "../abi/meters.ts";
import type { Contracts } from "../history/events.ts";
import { MILLIS_PER_UNIT, wholeUnits } from "../money.ts";
import type { Check } from "./checks.ts";
import type { Fault } from "./messages.ts";
import { type AuditState, reportedIn, type Words } from "./state.ts";

/**
 * A call of a view at the end block, and the answer that the rebuilt state expects. Expensive parts are computed when
 * they are used, so that finding one question among all is cheap.
 */
export interface Question {
  readonly check: Check;
  /** Names what is asked about, the same in every run, so that the question can be found again. */
  readonly subject: string;
  /** The rebuilt state as text: it changes when the expected answer does. */
  readonly expects: string;
  readonly from?: Address;
  readonly to: Address;
  readonly data: Hex;
  /** Judges the answer; undefined for a reverted call. Returns what is wrong, or undefined. */
  judge(answer: Hex | undefined): Fault | undefined;
}

const erc20Abi = parseAbi(["function balanceOf(address) view returns (uint256)"]);

/** The most blocks that one call of `profileOf` asks for. */
const MOST_BLOCKS = 64;

/**
 * Everything that the chain can be asked about a rebuilt state: accounts, locks, allowances, energy, fills, positions, flows,
 * rations, meters, deliveries, reported slots, the escrow's tokens; and, by simulated calls, whether money can be withdrawn
 * and energy moves without a hook.
 * @param time Unix seconds of the end block.
 */
export function* questionsOn(
  state: AuditState,
  contracts: Contracts,
  time: number,
): Generator<Question> {
  yield* accountQuestions(state, contracts, time);
  yield* allowanceQuestions(state, contracts);
  yield* mandateQuestions(state, contracts);
  yield* energyQuestions(state, contracts);
  yield* fillQuestions(state, contracts);
  yield* positionQuestions(state, contracts);
  yield* flowQuestions(state, contracts);
  yield* rationQuestions(state, contracts);
  yield* meterQuestions(state, contracts);
  yield* deliveryQuestions(state, contracts);
  yield* reportQuestions(state, contracts);
  yield* hookQuestions(state, contracts);
}

/**
 * Accounts are asked about in every currency. Whether the money is there and can be withdrawn is asked only for
 * currencies that a microgrid trades in: anyone can deposit a token with false balances, and it hurts only those who
 * hold it.
 */
function* accountQuestions(
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

function* allowanceQuestions(
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

function* mandateQuestions(
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

function* energyQuestions({ energy }: AuditState, contracts: Contracts): Generator<Question> {
  for (const [holder, bySeries] of energy) {
    for (const [series, words] of bySeries) {
      for (const { firstBlock, blocks } of runsOf(words)) {
        const [microgrid, source] = [Math.floor(series / 256), series % 256];
        yield {
          check: "state",
          subject: `energy ${holder} ${series} ${firstBlock}`,
          get expects() {
            return [...words.values()].join(" ");
          },
          to: contracts.energy,
          get data() {
            return encodeFunctionData({
              abi: energyTokenAbi,
              functionName: "profileOf",
              args: [holder, microgrid, source, firstBlock, BigInt(blocks)],
            });
          },
          judge: answered("profileOf", (data) => {
            const held = decodeFunctionResult({
              abi: energyTokenAbi,
              functionName: "profileOf",
              data,
            });
            const wrong = held.findIndex(
              (word, offset) => word !== (words.get(firstBlock + offset) ?? 0n),
            );
            return wrong < 0
              ? undefined
              : {
                  code: "energy-differs",
                  values: { holder, microgrid, block: firstBlock + wrong },
                };
          }),
        };
      }
    }
  }
}

function* fillQuestions({ fills }: AuditState, { marketplace }: Contracts): Generator<Question> {
  for (const [key, words] of fills) {
    for (const [index, word] of words) {
      for (let lane = 0n; lane < 8n; lane++) {
        const bits = (word >> (32n * lane)) & 0xffffffffn;
        if (bits !== 0n) yield fillQuestion(marketplace, key, BigInt(index) * 8n + lane, bits);
      }
    }
  }
}

/** @param key The maker, or of a firm order maker, currency and settler. */
function fillQuestion(marketplace: Address, key: string, nonce: bigint, bits: bigint): Question {
  const [maker, currency, settler] = key.split(" ") as [Address, Address?, Address?];
  const dueWh = bits & 0x7fffffffn;
  return {
    check: "state",
    subject: `fill ${key} ${nonce}`,
    expects: `${bits}`,
    to: marketplace,
    get data() {
      return currency === undefined || settler === undefined
        ? encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "fillOf",
            args: [maker, nonce],
          })
        : encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "firmFillOf",
            args: [maker, currency, settler, nonce],
          });
    },
    judge: answered("fillOf", (data) => {
      // A firm order's answer is the Wh alone: it can't be cancelled.
      const [foundWh = 0n, cancelled = 0n] = wordsOf(data);
      return foundWh === dueWh && cancelled === bits >> 31n
        ? undefined
        : { code: "fill-differs", values: { nonce, maker, foundWh, dueWh } };
    }),
  };
}

function* positionQuestions(
  { positions }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [id, { open }] of positions) {
    yield {
      check: "state",
      subject: `position ${id}`,
      expects: `${open}`,
      to: marketplace,
      get data() {
        return encodeFunctionData({ abi: marketplaceAbi, functionName: "openOf", args: [id] });
      },
      judge: sameWord("openOf", open, { code: "position-differs", values: { position: id } }),
    };
  }
}

function* rationQuestions(
  { rationed, isRationKnown }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  if (!isRationKnown) return;
  for (const [meter, words] of rationed) {
    for (const [blockNumber, word] of words) {
      yield {
        check: "state",
        subject: `ration ${meter} ${blockNumber}`,
        expects: `${word}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "rationedOf",
            args: [meter, blockNumber],
          });
        },
        judge: sameWord("rationedOf", word, {
          code: "ration-differs",
          values: { meter, block: blockNumber },
        }),
      };
    }
  }
}

function* meterQuestions({ meters }: AuditState, contracts: Contracts): Generator<Question> {
  for (const [meter, due] of meters) {
    yield {
      check: "state",
      subject: `meter ${meter}`,
      expects: Object.values(due).join(" "),
      to: contracts.meters,
      get data() {
        return encodeFunctionData({ abi: metersAbi, functionName: "meterOf", args: [meter] });
      },
      judge: answered("meterOf", (data) => {
        const found = decodeFunctionResult({ abi: metersAbi, functionName: "meterOf", data });
        const isSame = METER_MEMBERS.every((member) => found[member] === due[member]);
        return isSame ? undefined : { code: "meter-differs", values: { meter } };
      }),
    };
  }
}

const METER_MEMBERS = [
  ...(["owner", "microgrid", "source", "capacityW", "critical", "firstSlot", "active"] as const),
  ...(["pendingOwner", "movingTo", "promisedEnd", "retiredSlot", "offers"] as const),
];

function* deliveryQuestions(state: AuditState, { meters }: Contracts): Generator<Question> {
  for (const [meter, deliveries] of state.deliveries) {
    for (const [blockNumber, { committed, delivered }] of deliveries) {
      const due = [committed, delivered, reportedIn(state, meter, blockNumber)];
      yield {
        check: "state",
        subject: `delivery ${meter} ${blockNumber}`,
        expects: due.join(" "),
        to: meters,
        get data() {
          return encodeFunctionData({
            abi: metersAbi,
            functionName: "deliveryOf",
            args: [meter, blockNumber],
          });
        },
        judge: answered("deliveryOf", (data) => {
          const found = wordsOf(data);
          return due.every((word, index) => word === found[index])
            ? undefined
            : { code: "delivery-differs", values: { meter, block: blockNumber } };
        }),
      };
    }
  }
}

/** An answer's words. */
const wordsOf = (data: Hex): bigint[] =>
  Array.from({ length: (data.length - 2) / 64 }, (_, index) =>
    BigInt(`0x${data.slice(2 + 64 * index, 66 + 64 * index)}`),
  );

function* flowQuestions({ flows }: AuditState, { marketplace }: Contracts): Generator<Question> {
  for (const [direction, words] of flows) {
    const [from = 0, to = 0] = direction.split(" ").map(Number);
    for (const [blockNumber, word] of words) {
      yield {
        check: "state",
        subject: `flow ${direction} ${blockNumber}`,
        expects: `${word}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "flowOf",
            args: [from, to, blockNumber],
          });
        },
        judge: sameWord("flowOf", word, {
          code: "flow-differs",
          values: { from, to, block: blockNumber },
        }),
      };
    }
  }
}

function* reportQuestions({ reported }: AuditState, { meters }: Contracts): Generator<Question> {
  for (const [meter, words] of reported) {
    for (const [key, flags] of words) {
      // One slot of each 256 is enough: the last reported one.
      const slot = key * 256 + flags.toString(2).length - 1;
      if (flags === 0n) continue;
      yield {
        check: "state",
        subject: `reported ${meter} ${key}`,
        expects: `${flags}`,
        to: meters,
        get data() {
          return encodeFunctionData({
            abi: metersAbi,
            functionName: "isReported",
            args: [meter, slot],
          });
        },
        judge: answered("isReported", (data) =>
          BigInt(data) === 1n ? undefined : { code: "not-reported", values: { slot, meter } },
        ),
      };
    }
  }
}

/**
 * A market move to a contract without a receiver hook, the meters: it must succeed, and so must a mint. One holder of
 * each series is enough, since the token runs the same code for everyone.
 */
function* hookQuestions(
  { energy }: AuditState,
  { marketplace, meters, energy: token }: Contracts,
): Generator<Question> {
  const asked = new Set<number>();
  for (const [holder, bySeries] of energy) {
    for (const [series, words] of bySeries) {
      const [first] = words;
      if (first === undefined || asked.has(series) || holder === zeroAddress) continue;
      asked.add(series);
      const [blockNumber, word] = first;
      const common = { check: "hooks" as const, to: token };
      const args = [BigInt(series), BigInt(blockNumber), [word]] as const;
      yield {
        ...common,
        subject: `hook move ${series}`,
        expects: "",
        from: marketplace,
        get data() {
          return encodeFunctionData({
            abi: energyTokenAbi,
            functionName: "move",
            args: [holder, meters, ...args],
          });
        },
        judge: (answer) =>
          answer === undefined ? { code: "hook-stops-move", values: {} } : undefined,
      };
      yield {
        ...common,
        subject: `hook mint ${series}`,
        expects: "",
        from: meters,
        get data() {
          return encodeFunctionData({
            abi: energyTokenAbi,
            functionName: "mint",
            args: [meters, ...args],
          });
        },
        judge: (answer) =>
          answer === undefined ? { code: "hook-stops-mint", values: {} } : undefined,
      };
    }
  }
}

const answered =
  (view: string, judge: (data: Hex) => Fault | undefined) =>
  (answer: Hex | undefined): Fault | undefined =>
    answer === undefined || answer === "0x"
      ? { code: "no-answer", values: { view } }
      : judge(answer);

const sameWord = (view: string, word: bigint, otherwise: Fault) =>
  answered(view, (data) => (BigInt(data) === word ? undefined : otherwise));

/** The blocks of words, in runs that one call can ask for: gaps of a few blocks are included. */
function* runsOf(words: Words): Generator<{ firstBlock: number; blocks: number }> {
  const blocks = [...words.keys()].sort((a, b) => a - b);
  let first = blocks[0];
  let last = first;
  if (first === undefined || last === undefined) return;
  for (const block of blocks.slice(1)) {
    if (block - last > 8 || block - first >= MOST_BLOCKS) {
      yield { firstBlock: first, blocks: last - first + 1 };
      first = block;
    }
    last = block;
  }
  yield { firstBlock: first, blocks: last - first + 1 };
}

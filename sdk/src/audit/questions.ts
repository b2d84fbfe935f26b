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
import type { Check } from "./checks.ts";
import type { Fault } from "./messages.ts";
import type { AuditState, Words } from "./state.ts";

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
 * Everything that the chain can be asked about a rebuilt state: accounts, energy, fills, positions, flows, reported
 * slots, the escrow's tokens; and, by simulated calls, whether money can be withdrawn and energy moves without a hook.
 * @param time Unix seconds of the end block.
 */
export function* questionsOn(
  state: AuditState,
  contracts: Contracts,
  time: number,
): Generator<Question> {
  yield* accountQuestions(state, contracts, time);
  yield* energyQuestions(state, contracts);
  yield* fillQuestions(state, contracts);
  yield* positionQuestions(state, contracts);
  yield* flowQuestions(state, contracts);
  yield* reportQuestions(state, contracts);
  yield* hookQuestions(state, contracts);
}

/**
 * Accounts are asked about in every currency. Whether the money is there and can be withdrawn is asked only for
 * currencies that a microgrid trades in: anyone can deposit a token with false balances, and it hurts only those who
 * hold it.
 */
function* accountQuestions(
  { accounts, money, microgrids }: AuditState,
  { marketplace }: Contracts,
  time: number,
): Generator<Question> {
  const traded = new Set([...microgrids.values()].map(({ currency }) => currency));
  for (const [currency, holders] of accounts) {
    for (const [holder, account] of holders) {
      yield {
        check: "state",
        subject: `account ${currency} ${holder}`,
        expects: `${account.balance} ${account.counter} ${account.lockedUntil}`,
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
            balance === account.balance &&
            counter === account.counter &&
            Number(lockedUntil) === account.lockedUntil;
          return same
            ? undefined
            : { code: "account-differs", values: { holder, found: balance, due: account.balance } };
        }),
      };
      if (!traded.has(currency) || account.balance <= 0n || account.lockedUntil > time) continue;
      yield {
        check: "withdrawal",
        subject: `withdrawal ${currency} ${holder}`,
        expects: `${account.balance}`,
        from: holder,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "withdraw",
            args: [currency, account.balance, holder],
          });
        },
        judge: (answer) =>
          answer === undefined
            ? { code: "cannot-withdraw", values: { holder, balance: account.balance } }
            : undefined,
      };
    }
  }
  for (const [currency, { accounts: owed, locked }] of money) {
    if (!traded.has(currency)) continue;
    yield {
      check: "escrow",
      subject: `escrow ${currency}`,
      expects: `${owed + locked}`,
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
        return held >= owed + locked
          ? undefined
          : { code: "escrow-short", values: { held, currency, owed: owed + locked } };
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
  for (const [maker, words] of fills) {
    for (const [key, word] of words) {
      for (let lane = 0n; lane < 8n; lane++) {
        const bits = (word >> (32n * lane)) & 0xffffffffn;
        if (bits === 0n) continue;
        const nonce = BigInt(key) * 8n + lane;
        yield {
          check: "state",
          subject: `fill ${maker} ${nonce}`,
          expects: `${bits}`,
          to: marketplace,
          get data() {
            return encodeFunctionData({
              abi: marketplaceAbi,
              functionName: "fillOf",
              args: [maker, nonce],
            });
          },
          judge: answered("fillOf", (data) => {
            const [wh, cancelled] = decodeFunctionResult({
              abi: marketplaceAbi,
              functionName: "fillOf",
              data,
            });
            return wh === (bits & 0x7fffffffn) && cancelled === bits > 0x7fffffffn
              ? undefined
              : {
                  code: "fill-differs",
                  values: { nonce, maker, foundWh: wh, dueWh: bits & 0x7fffffffn },
                };
          }),
        };
      }
    }
  }
}

function* positionQuestions(
  { positions }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [id, { reserved }] of positions) {
    for (const [blockNumber, word] of reserved) {
      yield {
        check: "state",
        subject: `position ${id} ${blockNumber}`,
        expects: `${word}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "reservedOf",
            args: [id, blockNumber],
          });
        },
        judge: sameWord("reservedOf", word, {
          code: "position-differs",
          values: { block: blockNumber, position: id },
        }),
      };
    }
  }
}

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

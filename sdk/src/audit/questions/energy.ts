import { decodeFunctionResult, encodeFunctionData, zeroAddress } from "viem";
import { energyTokenAbi } from "../../abi/energyToken.ts";
import type { Contracts } from "../../history/events.ts";
import type { AuditState, Words } from "../state.ts";
import { answered, type Question } from "./question.ts";

/** The most blocks that one call of `profileOf` asks for. */
const MOST_BLOCKS = 64;

export function* energyQuestions(
  { energy }: AuditState,
  contracts: Contracts,
): Generator<Question> {
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

/**
 * A market move to a contract without a receiver hook, the meters: it must succeed, and so must a mint. One holder of
 * each series is enough, since the token runs the same code for everyone.
 */
export function* hookQuestions(
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

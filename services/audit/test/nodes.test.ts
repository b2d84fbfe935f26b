import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { type Misbehaviour, misbehavingNode } from "../../../test/support/misbehavingNode.ts";
import type { RunSettings } from "../src/command/auditIntoFolder.ts";
import { RpcError } from "../src/errors.ts";
import { outcomeOf, outcomeOfAll } from "../src/lines.ts";
import { audit, auditsOf, failedChecks } from "./support/auditing.ts";
import { type History, handsOn, type PlayedChain, playChain } from "./support/history.ts";
import { HttpStatus, type LyingNode, lyingNode, type Rewrite } from "./support/proxy.ts";

const run = promisify(execFile);
const OUTPUTS = ["settlements.csv", "readings.csv", "certificates.json", "report.html"];

interface Filter {
  readonly fromBlock: string;
  readonly toBlock: string;
}

/** How many blocks a request for logs asks for. */
const blocksOf = ([filter]: readonly unknown[]): number => {
  const { fromBlock, toBlock } = filter as Filter;
  return Number(toBlock) - Number(fromBlock) + 1;
};

/** A log, moved beyond all that was asked for. */
const strayFrom = (log: unknown) => ({ ...(log as object), blockNumber: "0xfffff" });

/** Gives up soon. */
const IMPATIENT: RunSettings = {
  rpc: { firstPauseMs: 5, mostWaitMs: 100 },
  source: { firstPauseMs: 5, lagMs: 100 },
};
/** Waits, and does not wait long. */
const QUICK: RunSettings = {
  rpc: { firstPauseMs: 5, mostWaitMs: 20_000 },
  source: { firstPauseMs: 5, lagMs: 5_000 },
};

/** Answers ranges of a few blocks only, as public nodes do. */
const inSmallRanges: Rewrite = ({ method, params }, result) => {
  if (method === "eth_getLogs" && blocksOf(params) > 16) {
    throw new Error("query returned more than 10000 results");
  }
  return result;
};

describe("The audit and the node it reads from", function () {
  this.timeout(240_000);
  let played: PlayedChain;
  let history: History;
  const audits = auditsOf();
  let nodes: { close(): Promise<void> }[] = [];

  before(async () => {
    played = await playChain(["accept"]);
    const [first] = played.histories;
    if (first === undefined) throw new Error("Nothing was played.");
    history = first;
  });
  afterEach(async () => {
    for (const node of nodes) await node.close();
    nodes = [];
  });
  after(async () => {
    await played?.close();
    audits.clear();
  });

  async function nodeThat(rewrite: Rewrite): Promise<LyingNode> {
    const node = await lyingNode(played.rpc, rewrite);
    nodes.push(node);
    return node;
  }

  async function misbehaving(misbehaviour: Misbehaviour) {
    const node = await misbehavingNode(played.rpc, misbehaviour);
    nodes.push(node);
    return node;
  }

  const filesIn = (folder: string) =>
    OUTPUTS.map((name) =>
      readFileSync(`${folder}/${name}`, "utf8").replace(/http:\/\/127\.0\.0\.1:\d+/, ""),
    );

  /** What an audit through a node comes to, as an error. */
  async function failureOf(rewrite: Rewrite): Promise<Error> {
    const node = await nodeThat(rewrite);
    try {
      await audit(audits.commandOf(node.url, history), IMPATIENT);
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error("It did not fail.");
  }

  it("reads in smaller ranges where a node refuses large ones, with the same result", async () => {
    const whole = audits.commandOf(played.rpc, history);
    await audit(whole);
    const node = await nodeThat(inSmallRanges);
    const parts = audits.commandOf(node.url, history);
    await audit(parts);
    expect(node.asked.get("eth_getLogs")).to.be.greaterThan(5);
    expect(filesIn(parts.out)).to.deep.equal(filesIn(whole.out));
  });

  it("waits for a node that limits its rate or breaks off, and names it when that does not end", async () => {
    let patience = 3;
    const node = await nodeThat((_, result) => {
      if (patience-- > 0) throw new HttpStatus(patience === 1 ? 0 : 429);
      return result;
    });
    const result = await audit(audits.commandOf(node.url, history));
    expect(failedChecks(result)).to.deep.equal([]);

    const failure = await failureOf(({ method }, result) => {
      if (method === "eth_getLogs") throw new HttpStatus(429);
      return result;
    });
    expect(failure).to.be.instanceOf(RpcError);
    expect(failure.message).to.match(/fails eth_\w+\(.*after [\d.]+ s of waiting.*429/s);
  });

  it("ends with exit code 3 where nobody answers", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const failure = await run(process.execPath, [
      "scripts/audit.ts",
      ...audits.argumentsOf(nobody, history),
    ]).catch((error: { code: number; stderr: string }) => error);
    expect(failure).to.include({ code: 3 });
    expect(failure.stderr)
      .to.contain(nobody)
      .and.to.not.match(/\n\s+at /);
  });

  it("names a node that answers with another range", async () => {
    let stray: unknown;
    const failure = await failureOf(({ method, params }, result) => {
      if (method !== "eth_getLogs") return result;
      const logs = result as readonly unknown[];
      stray ??= logs.at(-1);
      return blocksOf(params) > 1 ? [...logs, strayFrom(stray)] : [strayFrom(stray)];
    });
    expect(failure).to.be.instanceOf(RpcError);
    expect(failure.message).to.contain("gave one of block");
  });

  it("names the transaction of a log that is of another block", async () => {
    let named = "";
    const failure = await failureOf(({ method }, result) => {
      if (method !== "eth_getLogs") return result;
      return (result as { transactionHash: string }[]).map((log, index) => {
        if (index > 0) return log;
        named = log.transactionHash;
        return { ...log, blockHash: `0x${"ab".repeat(32)}` };
      });
    });
    expect(failure).to.be.instanceOf(RpcError);
    expect(failure.message).to.contain("another block").and.to.contain(named);
  });

  it("names a log that its block's bloom filter does not know", async () => {
    const failure = await failureOf(({ method }, result) => {
      if (method !== "eth_getLogs") return result;
      return (result as { topics: string[] }[]).map((log) => ({
        ...log,
        topics: [log.topics[0], ...log.topics.slice(1).map(() => `0x${"17".repeat(32)}`)],
      }));
    });
    expect(failure).to.be.instanceOf(RpcError);
    expect(failure.message).to.contain("bloom filter");
  });

  it("goes on after an interruption, and ends as if there had been none", async () => {
    const whole = audits.commandOf(played.rpc, history);
    await audit(whole);

    const stop = new AbortController();
    let answered = 0;
    const node = await nodeThat((request, result) => {
      const answer = inSmallRanges(request, result);
      if (request.method === "eth_getLogs" && ++answered === 5) stop.abort(new Error("Enough."));
      return answer;
    });
    const command = audits.commandOf(node.url, history);
    const often = { checkpointEveryMs: 0 };
    const stopped = await audit(command, often, stop.signal).catch((error: Error) => error);
    expect(stopped).to.be.instanceOf(Error).and.to.include({ message: "Enough." });
    expect(existsSync(`${command.out}/checkpoint.json`)).to.equal(true);
    expect(existsSync(`${command.out}/report.html`)).to.equal(false);

    const { block } = JSON.parse(readFileSync(`${command.out}/checkpoint.json`, "utf8"));
    let first = Number.POSITIVE_INFINITY;
    const second = await nodeThat((request, result) => {
      if (request.method === "eth_getLogs") {
        first = Math.min(first, Number((request.params[0] as Filter).fromBlock));
      }
      return inSmallRanges(request, result);
    });
    await audit({ ...command, rpc: second.url }, often);
    expect(first).to.equal(block.number + 1);
    expect(filesIn(command.out)).to.deep.equal(filesIn(whole.out));
  });

  it("starts over where a checkpoint's block is gone", async () => {
    const command = audits.commandOf(played.rpc, history);
    const fresh = audits.commandOf(played.rpc, history);
    const stop = new AbortController();
    let answered = 0;
    const node = await nodeThat((request, result) => {
      const answer = inSmallRanges(request, result);
      if (request.method === "eth_getLogs" && ++answered === 5) stop.abort(new Error("Enough."));
      return answer;
    });
    await audit({ ...command, rpc: node.url }, { checkpointEveryMs: 0 }, stop.signal).catch(
      () => {},
    );
    const file = `${command.out}/checkpoint.json`;
    const kept = JSON.parse(readFileSync(file, "utf8"));
    kept.block.hash = `0x${"cd".repeat(32)}`;
    writeFileSync(file, JSON.stringify(kept));

    await audit(command);
    await audit(fresh);
    expect(filesIn(command.out)).to.deep.equal(filesIn(fresh.out));
  });

  it("notices blocks that are replaced under it, and agrees with a fresh audit afterwards", async () => {
    const { provider } = played.chain.connection;
    const { marketplace, addresses } = history.wattline;
    const { jane, neighbour } = handsOn(played.chain, history);
    const ask = (method: string, ...params: unknown[]) => provider.request({ method, params });
    const withdraw = async (who: typeof jane, amount: bigint) =>
      marketplace.connect(who.signer).withdraw(addresses.euro, amount, who.address);

    const snapshot = await ask("evm_snapshot");
    for (let amount = 1n; amount <= 8n; amount++) await withdraw(jane, amount);
    let answered = 0;
    let reorganised: Promise<void> | undefined;
    const node = await nodeThat((request, result) => {
      const answer = inSmallRanges(request, result);
      if (request.method === "eth_getLogs" && ++answered === 4) reorganised = reorganise();
      return answer;
    });
    async function reorganise(): Promise<void> {
      await ask("evm_revert", snapshot);
      for (let amount = 1n; amount <= 9n; amount++) await withdraw(neighbour, 100n * amount);
    }
    const command = audits.commandOf(node.url, history);
    const result = await audit(command, { checkpointEveryMs: 0 });
    await reorganised;
    expect(failedChecks(result)).to.deep.equal([]);
    expect(result.end.hash).to.equal(
      (await played.chain.ethers.provider.getBlock(result.end.number))?.hash,
    );
    const fresh = audits.commandOf(played.rpc, history, "--to-block", String(result.end.number));
    await audit(fresh);
    expect(filesIn(command.out)).to.deep.equal(filesIn(fresh.out));
  });

  describe("comes to the same through a node that", () => {
    const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
      "refuses every third request with -32005": { limitsEvery: 3 },
      "refuses every second one and asks for a pause": { limitsEvery: 2, retryAfterSeconds: 0.01 },
      "knows nothing of the last 35 blocks at first": { firstLogsStaleBy: 35 },
      "knows nothing of the last 51 blocks at first": { firstLogsStaleBy: 51 },
      "leaves out one log once": { leavesOutALogOnce: true },
      "is 3 blocks behind every second time": { everySecondBehindBy: 3 },
      "takes no batches": { batchesUpTo: 1, batchRefusal: "status" },
      "takes batches of 3": { batchesUpTo: 3, batchRefusal: "each" },
      "takes batches of 10": { batchesUpTo: 10 },
      "answers 502 once": { failsFirst: { times: 1, status: 502 } },
      "gives headers alone, and leaves out one log once": {
        offersHeaders: true,
        leavesOutALogOnce: true,
      },
      "gives headers alone, 3 blocks behind every second time": {
        offersHeaders: true,
        everySecondBehindBy: 3,
      },
      "has no receipts of whole blocks": {
        lacks: ["eth_getBlockReceipts"],
        leavesOutALogOnce: true,
      },
    };
    // A node may be a little behind: what it must know is what is older.
    let toBlock: string;
    let expected: readonly string[];
    before(async () => {
      toBlock = String((await played.chain.ethers.provider.getBlockNumber()) - 3);
      const whole = audits.commandOf(played.rpc, history, "--to-block", toBlock);
      await audit(whole);
      expected = filesIn(whole.out);
    });

    for (const [name, misbehaviour] of Object.entries(misbehaviours)) {
      it(name, async () => {
        const node = await misbehaving(misbehaviour);
        const through = audits.commandOf(node.url, history, "--to-block", toBlock);
        const result = await audit(through, QUICK);
        expect(result.findings).to.deep.equal([]);
        expect(filesIn(through.out)).to.deep.equal(expected);
        const free = await audit(audits.commandOf(node.url, history), QUICK);
        expect(failedChecks(free)).to.deep.equal([]);
        expect(free.verdicts.filter(({ unseen }) => unseen > 0)).to.deep.equal([]);
      });
    }
  });

  it("asks for transactions only where there are logs, of a node that gives headers alone", async () => {
    const node = await misbehaving({ offersHeaders: true });
    const result = await audit(audits.commandOf(node.url, history), QUICK);
    expect(failedChecks(result)).to.deep.equal([]);
    const headers = node.asked.get("eth_getHeaderByNumber") ?? 0;
    expect(headers).to.be.greaterThan(0);
    // The stand-in asks for blocks to make headers of; what is beyond is asked for by the audit.
    const blocks = (node.asked.get("eth_getBlockByNumber") ?? 0) - headers;
    const direct = await misbehaving({});
    await audit(audits.commandOf(direct.url, history), QUICK);
    expect(blocks).to.be.lessThan((direct.asked.get("eth_getBlockByNumber") ?? 0) - headers / 2);
  });

  it("names a node that always leaves out the logs of a transaction", async () => {
    const node = await misbehaving({ alwaysLeavesOutLogs: true });
    const failure = await audit(audits.commandOf(node.url, history), IMPATIENT).catch(
      (error: Error) => error,
    );
    expect(failure).to.be.instanceOf(RpcError);
    expect(String(failure)).to.match(/in block \d+, transaction 0x[0-9a-f]{64}: it left out log/);
  });

  it("names a node that has lost its newest blocks for good", async () => {
    const head = await played.chain.ethers.provider.getBlockNumber();
    const node = await nodeThat(({ method, params }, result) =>
      method === "eth_getBlockByNumber" && Number(params[0]) > head - 5 && Number(params[0]) < head
        ? null
        : result,
    );
    const failure = await audit(audits.commandOf(node.url, history), IMPATIENT).catch(
      (error: Error) => error,
    );
    expect(failure).to.be.instanceOf(RpcError);
    expect(String(failure)).to.match(/has no block \d+, after .* lags behind/);
  });

  describe("where the node forgets the past", () => {
    const stateOf = ({ verdicts }: Awaited<ReturnType<typeof audit>>) => {
      const state = verdicts.find(({ check }) => check === "state");
      if (state === undefined) throw new Error("There is no such check.");
      return state;
    };

    it("gives the verdicts on the history, and says that the end state was not judged", async () => {
      const node = await misbehaving({ forgetsAfter: 5 });
      const head = await played.chain.ethers.provider.getBlockNumber();
      const command = audits.commandOf(node.url, history, "--to-block", String(head - 20));
      const result = await audit(command, QUICK);
      expect(failedChecks(result)).to.deep.equal([]);
      expect(outcomeOf(stateOf(result))).to.equal("not judged");
      expect(stateOf(result).unseenWhy).to.equal("state-forgotten");
      expect(outcomeOfAll(result.verdicts)).to.equal("in part");
      const report = readFileSync(`${command.out}/report.html`, "utf8");
      expect(report).to.contain("no longer has the state").and.to.not.contain("Every check passes");
      // What can't change is not asked for again and again.
      expect(node.asked.get("eth_call")).to.be.lessThan(200);
    });

    it("catches up with the chain, and compares at its head", async () => {
      const { provider } = played.chain.connection;
      const before = await played.chain.ethers.provider.getBlockNumber();
      let mining: Promise<unknown> | undefined;
      const node = await nodeThat(({ method, params }, result) => {
        if (method !== "eth_call" || Number(params[1]) !== before) return result;
        mining ??= provider.request({ method: "hardhat_mine", params: ["0xa"] });
        throw new Error("missing trie node: the state is not available");
      });
      const result = await audit(audits.commandOf(node.url, history), QUICK);
      await mining;
      expect(result.end.number).to.be.greaterThan(before);
      expect(failedChecks(result)).to.deep.equal([]);
      expect(outcomeOf(stateOf(result))).to.equal("passed");
    });
  });

  it("does not say that every check passes where there was nothing to check", async () => {
    const { deployment } = history;
    const late = { ...deployment, fromBlock: await played.chain.ethers.provider.getBlockNumber() };
    await played.chain.connection.provider.request({ method: "hardhat_mine", params: ["0x2"] });
    const ended = await run(process.execPath, [
      "scripts/audit.ts",
      ...audits.argumentsOf(played.rpc, { deployment: { ...late, fromBlock: late.fromBlock + 1 } }),
    ]).catch((error: { code: number; stdout: string }) => error);
    expect(ended).to.include({ code: 4 });
    expect(ended.stdout).to.contain("There was nothing to check").and.to.not.contain("passes");
  });
});

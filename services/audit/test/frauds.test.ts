import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { marketplaceAbi, metersAbi, packProfile } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import {
  decodeEventLog,
  decodeFunctionData,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  toEventSelector,
} from "viem";
import { audit, auditsOf, failedChecks, findingOf } from "./support/auditing.ts";
import { type History, handsOn, type PlayedChain, playChain } from "./support/history.ts";
import { type LyingNode, lyingNode, type Rewrite } from "./support/proxy.ts";

const run = promisify(execFile);

interface Log {
  readonly address: string;
  readonly topics: readonly [Hex, ...Hex[]];
  readonly data: Hex;
  readonly transactionHash: Hex;
}

interface Block {
  readonly transactions: readonly { readonly hash: Hex; readonly input: Hex }[];
}

interface Receipt {
  readonly logs: readonly Log[];
}

const selectorOf = (
  abi: readonly { readonly type: string; readonly name?: string }[],
  name: string,
) => toEventSelector(abi.find((item) => item.type === "event" && item.name === name) as never);

/** Changes logs in every answer that holds them: a node whose receipts tell another story contradicts itself. */
const inLogs =
  (change: (logs: readonly Log[]) => readonly Log[]): Rewrite =>
  ({ method }, answer) => {
    const ofReceipt = (receipt: Receipt | null) =>
      receipt && { ...receipt, logs: change(receipt.logs) };
    if (method === "eth_getLogs") return change(answer as Log[]);
    if (method === "eth_getBlockReceipts") return (answer as Receipt[] | null)?.map(ofReceipt);
    if (method === "eth_getTransactionReceipt") return ofReceipt(answer as Receipt | null);
    return answer;
  };

describe("The audit of a dishonest chain", function () {
  this.timeout(240_000);
  let played: PlayedChain;
  let settled: History;
  let forward: History;
  const audits = auditsOf();
  const nodes: LyingNode[] = [];

  before(async () => {
    played = await playChain(["settle", "forward"]);
    const [first, second] = played.histories;
    if (first === undefined || second === undefined) throw new Error("Nothing was played.");
    [settled, forward] = [first, second];
  });
  after(async () => {
    for (const node of nodes) await node.close();
    await played?.close();
    audits.clear();
  });

  async function auditThrough(rewrite: Rewrite, history: History) {
    const node = await lyingNode(played.rpc, rewrite);
    nodes.push(node);
    return audit(audits.commandOf(node.url, history));
  }

  /** Rewrites the data of the first log of an event; returns its transaction. */
  function changing(topic: Hex, change: (log: Log) => Hex) {
    const changed: { transaction?: Hex } = {};
    const rewrite = inLogs((logs) =>
      logs.map((log) => {
        if (log.topics[0] !== topic) return log;
        changed.transaction ??= log.transactionHash;
        return changed.transaction === log.transactionHash ? { ...log, data: change(log) } : log;
      }),
    );
    return { changed, rewrite };
  }

  it("finds a changed log: what a trade cost", async () => {
    const { changed, rewrite } = changing(selectorOf(marketplaceAbi, "Traded"), (log) => {
      const { args } = decodeEventLog({
        abi: marketplaceAbi,
        eventName: "Traded",
        topics: [...log.topics],
        data: log.data,
      });
      return encodeAbiParameters(
        [{ type: "uint64" }, { type: "uint256" }, { type: "uint256" }, { type: "uint256" }],
        [args.nonce, args.filled, args.cost + 1n, args.charge],
      );
    });
    const result = await auditThrough(rewrite, settled);
    expect(failedChecks(result)).to.include.members(["price", "state"]);
    expect(findingOf(result, "price").transaction).to.equal(changed.transaction);
  });

  it("finds a changed log: money that was brought", async () => {
    const { changed, rewrite } = changing(selectorOf(marketplaceAbi, "Deposited"), (log) =>
      encodeAbiParameters([{ type: "uint256" }], [BigInt(log.data) + 5n]),
    );
    const result = await auditThrough(rewrite, settled);
    expect(failedChecks(result)).to.include.members(["calldata", "state"]);
    expect(findingOf(result, "calldata").transaction).to.equal(changed.transaction);
    expect(findingOf(result, "state").transaction).to.equal(changed.transaction);
  });

  it("finds a match at another price than the community's", async () => {
    const { changed, rewrite } = changing(selectorOf(marketplaceAbi, "Matched"), (log) => {
      const { args } = decodeEventLog({
        abi: marketplaceAbi,
        eventName: "Matched",
        topics: [...log.topics],
        data: log.data,
      });
      const { offerNonce, bidNonce, sentWh, arrivedWh, cost, charge } = args;
      return encodeAbiParameters(
        [...new Array(2).fill({ type: "uint64" }), ...new Array(4).fill({ type: "uint256" })],
        [...[offerNonce, bidNonce, sentWh, arrivedWh], ...[cost + 1n, charge]],
      );
    });
    const result = await auditThrough(rewrite, settled);
    expect(failedChecks(result)).to.include.members(["community-price", "state"]);
    expect(findingOf(result, "community-price").transaction).to.equal(changed.transaction);
  });

  it("finds a refund that was skipped", async () => {
    await handsOn(played.chain, forward).sellShort();
    const released = selectorOf(marketplaceAbi, "Released");
    const changed: { transaction?: Hex } = {};
    const skipRefund = inLogs((logs) =>
      logs.map((log) => {
        if (log.topics[0] !== released) return log;
        const { args } = decodeEventLog({
          abi: marketplaceAbi,
          eventName: "Released",
          topics: [...log.topics],
          data: log.data,
        });
        if (args.refund === 0n) return log;
        changed.transaction ??= log.transactionHash;
        if (changed.transaction !== log.transactionHash) return log;
        const { delivered, undelivered, paid, charge, forfeited } = args;
        const data = encodeAbiParameters(new Array(6).fill({ type: "uint256" }), [
          ...[delivered, undelivered, paid, charge],
          ...[0n, forfeited],
        ]);
        return { ...log, data };
      }),
    );
    const result = await auditThrough(skipRefund, forward);
    expect(failedChecks(result)).to.include.members(["refunds", "escrow", "state"]);
    expect(findingOf(result, "refunds").transaction).to.equal(changed.transaction);
    expect(findingOf(result, "escrow").transaction).to.equal(changed.transaction);
  });

  it("finds a forged reading, though event and calldata tell the same story", async () => {
    const reported = selectorOf(metersAbi, "Reported");
    let forged: Hex | undefined;
    const forge = inLogs((logs) =>
      logs.map((log) => {
        if (log.topics[0] !== reported) return log;
        forged ??= log.transactionHash;
        if (forged !== log.transactionHash) return log;
        const { args } = decodeEventLog({
          abi: metersAbi,
          eventName: "Reported",
          topics: [...log.topics],
          data: log.data,
        });
        const data = encodeAbiParameters(
          [{ type: "uint32" }, { type: "uint256[]" }],
          [args.firstBlock, args.exported.map((word) => word ^ 1n)],
        );
        return { ...log, data };
      }),
    );
    const result = await auditThrough((request, answer) => {
      if (request.method !== "eth_getBlockByNumber" || forged === undefined) {
        return forge(request, answer);
      }
      const block = answer as Block;
      return {
        ...block,
        transactions: block.transactions.map((transaction) => {
          if (transaction.hash !== forged) return transaction;
          const { args } = decodeFunctionData({ abi: metersAbi, data: transaction.input });
          const [reading, signature] = args as readonly [
            { readonly exported: readonly bigint[] },
            Hex,
          ];
          const exported = reading.exported.map((word) => word ^ 1n);
          const input = encodeFunctionData({
            abi: metersAbi,
            functionName: "report",
            args: [{ ...reading, exported } as never, signature],
          });
          return { ...transaction, input };
        }),
      };
    }, settled);
    expect(failedChecks(result)).to.include("reading-signature");
    expect(findingOf(result, "reading-signature").transaction).to.equal(forged);
  });

  it("finds a log that is missing", async () => {
    const traded = selectorOf(marketplaceAbi, "Traded");
    let missing: Hex | undefined;
    const drop = inLogs((logs) =>
      logs.filter((log) => {
        if (log.topics[0] !== traded) return true;
        missing ??= log.transactionHash;
        return missing !== log.transactionHash;
      }),
    );
    const result = await auditThrough(drop, settled);
    expect(result.findings[0]).to.include({ transaction: missing });
    expect(failedChecks(result)).to.include.members(["logs", "state"]);
  });

  it("finds solar energy at midnight", async () => {
    const { report, community } = handsOn(played.chain, settled);
    const oneAtNight = community.series.firstSlot - 40 + 96 + 4;
    const sent = await report(new Map([[oneAtNight, 40n]]));
    const result = await audit(audits.commandOf(played.rpc, settled));
    expect(failedChecks(result)).to.deep.equal(["sun"]);
    expect(findingOf(result, "sun")).to.include({ transaction: sent.hash });
    expect(findingOf(result, "sun").message).to.contain("at night");
  });

  it("finds energy that is minted twice", async () => {
    const { impersonate, jane, held } = handsOn(played.chain, settled);
    const { slot } = await held();
    const { energy, addresses } = settled.wattline;
    const meters = await impersonate(addresses.meters);
    const { firstBlock, words } = packProfile(new Map([[slot, 100n]]));
    const minted = await energy
      .connect(meters)
      .mint(jane.address, 1n << 8n, firstBlock, [...words]);
    const failure = await run(process.execPath, [
      "scripts/audit.ts",
      ...audits.argumentsOf(played.rpc, settled),
    ]).catch((error: { code: number; stdout: string }) => error);
    expect(failure).to.include({ code: 1 });
    const verdict = failure.stdout.split("\n").findIndex((line) => line.startsWith("✗ Logs fit"));
    expect(failure.stdout.split("\n")[verdict + 1])
      .to.contain(minted.hash)
      .and.contain("minted");
  });

  it("finds money that changed hands without an event, and says after which transaction", async () => {
    const { provider } = played.chain.connection;
    const { marketplace, addresses } = forward.wattline;
    const { jane } = handsOn(played.chain, forward);
    const { balance } = await marketplace.accountOf(addresses.euro, jane.address);
    const slot = await accountSlot(addresses.marketplace, addresses.euro, jane.address, balance);
    const word: Hex = await provider.request({
      method: "eth_getStorageAt",
      params: [addresses.marketplace, slot, "latest"],
    });
    const robbed = `0x${(BigInt(word) - 7n).toString(16).padStart(64, "0")}`;
    await provider.request({
      method: "hardhat_setStorageAt",
      params: [addresses.marketplace, slot, robbed],
    });
    await provider.request({ method: "evm_mine", params: [] });

    const result = await audit(audits.commandOf(played.rpc, forward));
    expect(failedChecks(result)).to.have.members(["state", "withdrawal"]);
    const { message, transaction } = findingOf(result, "state");
    expect(message).to.contain(jane.address);
    expect(BigInt(transaction)).to.not.equal(0n);
  });

  /** Where an account lies: the one word that holds its balance, tried for every place of the mapping. */
  async function accountSlot(market: string, currency: string, holder: string, balance: bigint) {
    const addressAnd = (address: string, base: Hex) =>
      keccak256(
        encodeAbiParameters([{ type: "address" }, { type: "bytes32" }], [address as Hex, base]),
      );
    for (let place = 0; place < 20; place++) {
      const base: Hex = `0x${place.toString(16).padStart(64, "0")}`;
      const slot = addressAnd(holder, addressAnd(currency, base));
      const word: Hex = await played.chain.connection.provider.request({
        method: "eth_getStorageAt",
        params: [market, slot, "latest"],
      });
      if ((BigInt(word) & (2n ** 120n - 1n)) === balance && balance !== 0n) return slot;
    }
    throw new Error("The account is nowhere.");
  }
});

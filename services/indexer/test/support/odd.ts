/** Actions without a sensible purpose that the contracts nevertheless accept, so every reader of the chain must too. */
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  ANYONE,
  boardAbi,
  energyIdOf,
  energyTokenAbi,
  marketplaceAbi,
  type Order,
  type SignedOrder,
} from "@wattline/sdk";
import { type Abi, type Address, encodeFunctionData, type Hex, parseAbi } from "viem";
import { ROOT } from "./process.ts";

/** What these actions need. */
export interface OddContext {
  readonly deployment: {
    readonly marketplace: Address;
    readonly energy: Address;
    readonly board: Address;
  };
  readonly euro: Address;
  readonly microgrid: number;
  /** The account that bought what was left over. */
  readonly dso: Address;
  below(end: number): number;
  anyone(): Address;
  send(from: Address, to: Address, data: Hex): Promise<void>;
  /** Like {@link send}, whether it succeeds or not. */
  trySend(from: Address, to: Address, data: Hex): Promise<void>;
  deploy(from: Address, abi: Abi, bytecode: Hex): Promise<Address>;
  sign(maker: Address, terms: Partial<Order>): Promise<SignedOrder>;
  /** A slot of which the DSO holds energy. */
  heldSlot(): Promise<number>;
  /** Calldata of a batch that sells some of the DSO's energy. */
  batch(bid?: SignedOrder): Promise<Hex>;
}

const callerAbi = parseAbi([
  "struct Call { address target; bytes data; }",
  "function run(Call[] calls)",
  "function onReceipt(Call call)",
]);
const walletAbi = parseAbi([
  "function setUp(address signer, uint8 answer)",
  "function execute(address target, bytes data)",
]);
const currencyAbi = parseAbi([
  "function mint(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function callBack(address escrow, bytes data)",
]);
const [RIGHT, WRONG] = [0, 1];

export function oddActions(context: OddContext): Readonly<Record<string, () => Promise<void>>> {
  const { deployment, euro, microgrid, dso, below, anyone, send, deploy } = context;
  const { marketplace, energy, board } = deployment;
  const transfer = (
    from: Address,
    to: Address,
    ids: readonly bigint[],
    values: readonly bigint[],
  ) =>
    send(
      from,
      energy,
      encodeFunctionData({
        abi: energyTokenAbi,
        functionName: "safeBatchTransferFrom",
        args: [from, to, ids, values, "0x"],
      }),
    );
  const single = (from: Address, to: Address, id: bigint, wh: bigint) =>
    send(
      from,
      energy,
      encodeFunctionData({
        abi: energyTokenAbi,
        functionName: "safeTransferFrom",
        args: [from, to, id, wh, "0x"],
      }),
    );
  const idOf = (slot: number) => energyIdOf({ microgrid, source: "Solar", slot });
  const euros = (functionName: "mint" | "approve", to: Address, amount: bigint) =>
    encodeFunctionData({ abi: currencyAbi, functionName, args: [to, amount] });
  const newOf = (file: string, name: string) => {
    const { abi, bytecode } = JSON.parse(
      readFileSync(path.join(ROOT, `artifacts/contracts/test/${file}.sol/${name}.json`), "utf8"),
    );
    return deploy(anyone(), abi, bytecode);
  };

  return {
    async giveNothing() {
      const ids = [2n ** 256n - 1n, 1n << 72n, 0xffn << 32n, 0n, 7n << 32n];
      for (const id of ids) await single(anyone(), anyone(), id, 0n);
      await transfer(anyone(), anyone(), [], []);
      await transfer(anyone(), anyone(), ids, [0n, 0n, 0n, 0n, 0n]);
    },
    /** The same energy several times, more in total than there is. */
    async giveRound() {
      const slot = await context.heldSlot();
      await transfer(dso, dso, [idOf(slot), idOf(slot), idOf(slot)], [20n, 20n, 20n]);
    },
    async giveInDisorder() {
      const [slot, other] = [await context.heldSlot(), await context.heldSlot()];
      const ids = [idOf(slot), 2n ** 200n, idOf(other), idOf(slot)];
      await transfer(dso, anyone(), ids, [2n, 0n, 1n, 1n]);
    },
    async retireLoudly() {
      const slot = await context.heldSlot();
      const purpose = `=HYPERLINK("x"),\r\n\u0000<script>\u202e${"…\"'".repeat(2_000)}`;
      await send(
        dso,
        energy,
        encodeFunctionData({
          abi: energyTokenAbi,
          functionName: "retire",
          args: [
            microgrid,
            0,
            Math.floor(slot / 8) - 1,
            [0n, 1n << BigInt((slot % 8) * 32), 0n],
            anyone(),
            purpose,
          ],
        }),
      );
    },
    async pinGarbage() {
      const { order } = await context.sign(anyone(), {});
      const most: Order = {
        ...order,
        microgrid: 2 ** 32 - 1,
        sources: 255,
        firstSlot: 2 ** 32 - 1,
        lastSlot: 0,
        energy: 2 ** 32 - 1,
        price: 2n ** 64n - 1n,
        bond: 2n ** 64n - 1n,
        nonce: 2n ** 64n - 1n,
        counter: 2n ** 64n - 1n,
        deadline: 2 ** 40 - 1,
      };
      const orders = [order, most, { ...most, microgrid }, order];
      const signatures: Hex[] = ["0x", "0x00", `0x${"ff".repeat(2_000)}`, `0x${"00".repeat(65)}`];
      await send(
        anyone(),
        board,
        encodeFunctionData({ abi: boardAbi, functionName: "pin", args: [orders, signatures] }),
      );
    },
    /** A batch within a deposit of a currency that calls back, followed by another batch. */
    async callBack() {
      const [who, token] = [anyone(), await newOf("OddTokens", "ReentrantToken")];
      await send(who, token, euros("mint", who, 100n));
      await send(who, token, euros("approve", marketplace, 100n));
      const inner = await context.batch();
      await send(
        who,
        token,
        encodeFunctionData({
          abi: currencyAbi,
          functionName: "callBack",
          args: [marketplace, inner],
        }),
      );
      const deposit = encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "deposit",
        args: [token, 100n],
      });
      const outer = await context.batch();
      await send(
        who,
        marketplace,
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "multicall",
          args: [[deposit, outer]],
        }),
      );
    },
    /** A batch from within the hook of a receiver of energy. */
    async callOnReceipt() {
      const caller = await newOf("TestCaller", "TestCaller");
      const call = { target: marketplace, data: await context.batch() };
      await send(
        anyone(),
        caller,
        encodeFunctionData({ abi: callerAbi, functionName: "onReceipt", args: [call] }),
      );
      await single(dso, caller, idOf(await context.heldSlot()), 1n);
    },
    /** A wallet that accepts its signature in one transaction only, neither before nor after. */
    async fickleWallet() {
      const [owner, wallet, caller] = [
        anyone(),
        await newOf("ContractWallet", "ContractWallet"),
        await newOf("TestCaller", "TestCaller"),
      ];
      const setUp = (answer: number) =>
        encodeFunctionData({ abi: walletAbi, functionName: "setUp", args: [owner, answer] });
      const execute = (target: Address, data: Hex) =>
        send(
          owner,
          wallet,
          encodeFunctionData({ abi: walletAbi, functionName: "execute", args: [target, data] }),
        );
      const amount = 10_000_000n;
      await send(owner, euro, euros("mint", wallet, amount));
      await execute(euro, euros("approve", marketplace, amount));
      await execute(
        marketplace,
        encodeFunctionData({ abi: marketplaceAbi, functionName: "deposit", args: [euro, amount] }),
      );
      await send(owner, wallet, setUp(WRONG));
      const { order } = await context.sign(owner, { side: 1, price: 200_000n, settler: ANYONE });
      const bid = await context.sign(owner, { ...order, maker: wallet, counter: 0n });
      const batch = await context.batch(bid);
      const calls = [
        { target: wallet, data: setUp(RIGHT) },
        { target: marketplace, data: batch },
        { target: wallet, data: setUp(WRONG) },
      ];
      await send(
        owner,
        caller,
        encodeFunctionData({ abi: callerAbi, functionName: "run", args: [calls] }),
      );
    },
    /** Failing transactions in the same blocks as successful ones. */
    async fail() {
      const odd: readonly [Address, Hex][] = [
        [marketplace, "0x"],
        [marketplace, "0xdeadbeef"],
        [marketplace, (await context.batch()).slice(0, 200 + 2 * below(100)) as Hex],
        [energy, `0x${"ff".repeat(100)}`],
      ];
      for (const [to, data] of odd) await context.trySend(anyone(), to, data);
    },
  };
}

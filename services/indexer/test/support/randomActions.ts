/** Random actions on a chain after the played day: a little of everything, drawn from a seed. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { seededRandom } from "@wattline/community/profiles";
import { localAccount } from "@wattline/community/simulation";
import {
  ANY_SOURCE,
  boardAbi,
  energyIdOf,
  energyTokenAbi,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  ORDER_TYPES,
  type Order,
  type SignedOrder,
  sourceIndex,
} from "@wattline/sdk";
import {
  type Abi,
  createTestClient,
  encodeFunctionData,
  type Hex,
  http,
  parseAbi,
  publicActions,
  walletActions,
  zeroAddress,
} from "viem";
import { hardhat } from "viem/chains";
import { oddActions } from "./odd.ts";
import type { Played } from "./played.ts";
import { ROOT } from "./process.ts";

const CURRENCY_ABI = parseAbi([
  "function mint(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
]);
const ACCOUNTS = 20;
const WALLET: { readonly abi: Abi; readonly bytecode: Hex } = JSON.parse(
  readFileSync(
    path.join(ROOT, "artifacts/contracts/test/ContractWallet.sol/ContractWallet.json"),
    "utf8",
  ),
);

export type RandomActions = ReturnType<typeof randomActions>;

export function randomActions(
  { rpcUrl, deployment, euro, operator, communities, firstSlot, slots }: Played,
  seed: number,
) {
  const { marketplace, meters, energy, board, chainId } = deployment;
  const draw = seededRandom(seed, 0);
  const below = (end: number) => Math.floor(draw() * end);
  const client = createTestClient({
    mode: "hardhat",
    chain: hardhat,
    transport: http(rpcUrl),
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions);
  const accounts = new Map(
    Array.from({ length: ACCOUNTS }, (_, index) => {
      const { account } = localAccount(index);
      return [account.address, account] as const;
    }),
  );
  const [home, other] = communities;
  if (home === undefined || other === undefined) throw new Error("Two microgrids are needed.");
  const { dso } = home;
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from.");
    return item;
  };
  const anyone = () => pick(home.households).address;
  let nonce = 1_000_000n;

  async function send(from: Hex, to: Hex, data: Hex): Promise<void> {
    const account = accounts.get(from);
    if (account === undefined) throw new Error(`${from} is no local account.`);
    const hash = await client.sendTransaction({ account, to, data, gas: 3_000_000n });
    const { status } = await client.waitForTransactionReceipt({ hash, pollingInterval: 10 });
    if (status !== "success") throw new Error(`${from} failed in ${hash}.`);
  }
  // A development node reports that a transaction failed, but it was mined.
  const trySend = (from: Hex, to: Hex, data: Hex) => send(from, to, data).catch(() => undefined);
  const market = (from: Hex, ...calls: readonly Hex[]) =>
    send(
      from,
      marketplace,
      encodeFunctionData({ abi: marketplaceAbi, functionName: "multicall", args: [calls] }),
    );

  async function sign(maker: Hex, terms: Partial<Order>): Promise<SignedOrder> {
    const account = accounts.get(maker);
    if (account === undefined) throw new Error(`${maker} is no local account.`);
    const { counter } = await client.readContract({
      address: marketplace,
      abi: marketplaceAbi,
      functionName: "accountOf",
      args: [euro, maker],
    });
    const order: Order = {
      maker,
      meter: zeroAddress,
      microgrid: home?.microgrid ?? 1,
      side: 0,
      sources: ANY_SOURCE,
      firstSlot: 0,
      lastSlot: 2 ** 32 - 1,
      energy: 2 ** 31 - 1,
      price: 150_000n,
      forward: false,
      bond: 0n,
      counterparty: zeroAddress,
      nonce: nonce++,
      counter,
      deadline: 2 ** 40 - 1,
      ...terms,
    };
    const signature = await account.signTypedData({
      domain: marketDomain(chainId, marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  }

  /** The slots of which the DSO, who bought what was left over, holds energy. */
  async function heldSlots(): Promise<readonly number[]> {
    const ids = Array.from({ length: slots }, (_, offset) => firstSlot + offset);
    const held = await client.readContract({
      address: energy,
      abi: energyTokenAbi,
      functionName: "balanceOfBatch",
      args: [
        ids.map(() => home?.dso ?? zeroAddress),
        ids.map((slot) => energyIdOf({ microgrid: home?.microgrid ?? 1, source: "Solar", slot })),
      ],
    });
    return ids.filter((_, index) => (held[index] ?? 0n) > 20n);
  }
  const heldSlot = async (): Promise<number> => pick(await heldSlots());
  const laneOf = (slot: number, wh: bigint) => ({
    firstBlock: Math.floor(slot / 8),
    energy: [wh << BigInt((slot % 8) * 32)],
  });

  const takeOf = (slot: number, wh: bigint) => ({
    microgrid: home.microgrid,
    meter: zeroAddress,
    source: sourceIndex("Solar"),
    ...laneOf(slot, wh),
    limit: 10n ** 12n,
  });

  /**
   * Calldata of a batch in which two consecutive slots have different prices: a lower bid trades in the first of them
   * only.
   */
  async function batchOverSlots(): Promise<Hex> {
    const held = await heldSlots();
    const first = pick(held.filter((slot) => held.includes(slot + 1) && slot % 8 < 7));
    const orders = await Promise.all([
      sign(dso, { price: 90_000n }),
      sign(anyone(), { side: 1, price: 200_000n }),
      sign(dso, { price: 90_000n }),
      sign(anyone(), { side: 1, price: 120_000n }),
    ]);
    const one = laneOf(first, 3n);
    const both = { ...one, energy: one.energy.map((word) => word + (word << 32n)) };
    const source = sourceIndex("Solar");
    const matches = [
      { offer: 0, bid: 1, source, ...both },
      { offer: 2, bid: 3, source, ...one },
    ];
    return encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "settle",
      args: [orders.map(({ order }) => order), orders.map(({ signature }) => signature), matches],
    });
  }

  /** Calldata of a batch of one match: some of the DSO's energy for an account, or for the signer of `bid`. */
  async function batch(bid?: SignedOrder): Promise<Hex> {
    const orders = [
      await sign(dso, { price: 90_000n }),
      bid ?? (await sign(anyone(), { side: 1, price: 200_000n })),
    ];
    const match = {
      offer: 0,
      bid: 1,
      source: sourceIndex("Solar"),
      ...laneOf(await heldSlot(), 3n),
    };
    return encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "settle",
      args: [orders.map(({ order }) => order), orders.map(({ signature }) => signature), [match]],
    });
  }

  async function deploy(from: Hex, abi: Abi, bytecode: Hex): Promise<Hex> {
    const account = accounts.get(from);
    if (account === undefined) throw new Error(`${from} is no local account.`);
    const hash = await client.deployContract({ abi, bytecode, account });
    const { contractAddress } = await client.waitForTransactionReceipt({
      hash,
      pollingInterval: 10,
    });
    if (!contractAddress) throw new Error("The contract was not deployed.");
    return contractAddress;
  }

  const actions: Readonly<Record<string, () => Promise<void>>> = {
    async deposit() {
      const who = anyone();
      const amount = 1_000n + BigInt(below(1_000));
      await send(
        who,
        euro,
        encodeFunctionData({ abi: CURRENCY_ABI, functionName: "mint", args: [who, amount] }),
      );
      await send(
        who,
        euro,
        encodeFunctionData({
          abi: CURRENCY_ABI,
          functionName: "approve",
          args: [marketplace, amount],
        }),
      );
      await market(
        who,
        encodeFunctionData({ abi: marketplaceAbi, functionName: "deposit", args: [euro, amount] }),
      );
    },
    async withdraw() {
      const who = home.dso;
      await market(
        who,
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "withdraw",
          args: [euro, 7n, anyone()],
        }),
      );
    },
    async lock() {
      const { timestamp } = await client.getBlock();
      await market(
        pick(other.households).address,
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "lock",
          args: [euro, timestamp + 86_400n * (1n + (nonce++ % 100n))],
        }),
      );
    },
    async cancel() {
      await market(
        anyone(),
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "cancel",
          args: [[nonce++, BigInt(below(5))]],
        }),
      );
    },
    async cancelAll() {
      await market(
        anyone(),
        encodeFunctionData({ abi: marketplaceAbi, functionName: "cancelAll", args: [euro] }),
      );
    },
    async authorize() {
      await market(
        anyone(),
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "authorize",
          args: [euro, pick(other.households).address, BigInt(below(1_000_000))],
        }),
      );
    },
    async buy() {
      const { order, signature } = await sign(home.dso, {
        price: 100_000n + BigInt(below(100_000)),
      });
      const take = takeOf(await heldSlot(), 1n + BigInt(below(9)));
      await market(
        anyone(),
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "accept",
          args: [order, signature, take],
        }),
      );
    },
    async buyByWallet() {
      const from = anyone();
      const { abi, bytecode } = WALLET;
      const wallet = await deploy(from, abi, bytecode);
      const execute = (target: Hex, data: Hex) =>
        send(
          from,
          wallet,
          encodeFunctionData({ abi, functionName: "execute", args: [target, data] }),
        );
      const amount = 10_000_000n;
      await execute(
        euro,
        encodeFunctionData({ abi: CURRENCY_ABI, functionName: "mint", args: [wallet, amount] }),
      );
      await execute(
        euro,
        encodeFunctionData({
          abi: CURRENCY_ABI,
          functionName: "approve",
          args: [marketplace, amount],
        }),
      );
      await execute(
        marketplace,
        encodeFunctionData({ abi: marketplaceAbi, functionName: "deposit", args: [euro, amount] }),
      );
      const { order, signature } = await sign(home.dso, {});
      await execute(
        marketplace,
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "accept",
          args: [order, signature, takeOf(await heldSlot(), 2n)],
        }),
      );
    },
    async clear() {
      await market(anyone(), await batch());
    },
    async clearSlots() {
      await market(anyone(), await batchOverSlots());
    },
    async replaceDso() {
      await send(
        operator,
        meters,
        encodeFunctionData({
          abi: metersAbi,
          functionName: "setDso",
          args: [home.microgrid, anyone()],
        }),
      );
    },
    async give() {
      const id = energyIdOf({ microgrid: home.microgrid, source: "Solar", slot: await heldSlot() });
      // An invalid id is accepted when its amount is 0.
      await send(
        home.dso,
        energy,
        encodeFunctionData({
          abi: energyTokenAbi,
          functionName: "safeBatchTransferFrom",
          args: [home.dso, anyone(), [id, 2n ** 255n], [2n, 0n], "0x"],
        }),
      );
    },
    async retire() {
      const { firstBlock, energy: words } = laneOf(await heldSlot(), 5n);
      await send(
        home.dso,
        energy,
        encodeFunctionData({
          abi: energyTokenAbi,
          functionName: "retire",
          args: [home.microgrid, sourceIndex("Solar"), firstBlock, words, anyone(), "a\0purpose"],
        }),
      );
    },
    async pin() {
      const far = below(2) === 0;
      const { order, signature } = await sign(anyone(), far ? { microgrid: 2 ** 32 - 1 } : {});
      await send(
        anyone(),
        board,
        encodeFunctionData({ abi: boardAbi, functionName: "pin", args: [[order], [signature]] }),
      );
    },
    async tariffs() {
      const [feedIn, retail] = [80_000n, 300_000n + BigInt(below(50_000))];
      const tariffs = {
        feedIn,
        retail,
        networkFee: 1_000n,
        islandPriceCap: retail,
        islandRation: 250,
      };
      await send(
        operator,
        meters,
        encodeFunctionData({
          abi: metersAbi,
          functionName: "setTariffs",
          args: [home.microgrid, tariffs],
        }),
      );
    },
    async handOver() {
      await send(
        operator,
        meters,
        encodeFunctionData({
          abi: metersAbi,
          functionName: "handOver",
          args: [home.microgrid, anyone()],
        }),
      );
    },
    ...oddActions({
      deployment,
      euro,
      microgrid: home.microgrid,
      dso: home.dso,
      below,
      anyone,
      send,
      trySend,
      deploy,
      sign,
      heldSlot,
      batch,
    }),
  };
  const names = Object.keys(actions);

  /** A household promises energy, its meter reports nothing until the deadline, and anyone releases. */
  const fallShort = async (): Promise<void> => {
    const found = await Promise.all(
      home.households.map(async ({ address, meter }) => {
        const { source, capacityW } = await client.readContract({
          address: meters,
          abi: metersAbi,
          functionName: "meterOf",
          args: [meter],
        });
        return { address, meter, source, capacityW };
      }),
    );
    const seller = found.find(({ capacityW }) => capacityW > 0);
    const buyer = found.find(({ address }) => address !== seller?.address);
    if (seller === undefined || buyer === undefined) throw new Error("Nobody has a roof.");
    const { charter } = await client.readContract({
      address: meters,
      abi: metersAbi,
      functionName: "microgridOf",
      args: [home.microgrid],
    });
    const { timestamp } = await client.getBlock();
    const slot = Math.ceil(Number(timestamp) / charter.slotSeconds) + 2;
    const { order, signature } = await sign(seller.address, {
      meter: seller.meter,
      sources: 1 << seller.source,
      price: 100_000n,
      forward: true,
      bond: 50_000n,
    });
    const promised = laneOf(slot, 100n);
    const reserve = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "reserve",
      args: [order, signature, { ...takeOf(slot, 100n), source: seller.source }],
    });
    await market(buyer.address, reserve);
    const [reserved] = await client.getContractEvents({
      address: marketplace,
      abi: marketplaceAbi,
      eventName: "Reserved",
      fromBlock: "latest",
      strict: true,
    });
    if (reserved === undefined) throw new Error("Nothing was reserved.");
    const passed = (slot + 1) * charter.slotSeconds + charter.reportingDeadline + 60;
    await client.setNextBlockTimestamp({ timestamp: BigInt(passed) });
    await client.mine({ blocks: 1 });
    const { position } = reserved.args;
    const release = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "release",
      args: [[{ position, blockNumber: promised.firstBlock }]],
    });
    await market(anyone(), release);
  };

  return {
    client,
    fallShort,
    /** Does `count` actions, one transaction or a few each. */
    async perform(count: number): Promise<void> {
      for (let done = 0; done < count; done++) await actions[pick(names)]?.();
    },
    /** Does every kind of action once. */
    async doAll(): Promise<void> {
      for (const name of names) await actions[name]?.();
    },
    /** Undoes everything since then. */
    async undone(happens: () => Promise<void>): Promise<void> {
      const id = await client.snapshot();
      await happens();
      await client.revert({ id });
    },
  };
}

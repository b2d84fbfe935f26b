/** Random actions on a chain after the played day: a little of everything, drawn from a seed. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { seededRandom } from "@wattline/community/profiles";
import { localAccount } from "@wattline/community/simulation";
import {
  ANY_SOURCE,
  ANYONE,
  boardAbi,
  energyIdOf,
  energyTokenAbi,
  LANE_MAX_WH,
  LANES,
  MIDDLE,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  metersDomain,
  microgridsAbi,
  ORDER_TYPES,
  type Order,
  REGISTRATION_TYPES,
  type SignedOrder,
  sourceIndex,
} from "@wattline/sdk";
import {
  type Abi,
  createTestClient,
  encodeFunctionData,
  type Hex,
  http,
  keccak256,
  parseAbi,
  publicActions,
  toHex,
  walletActions,
  zeroAddress,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { oddActions } from "./odd.ts";
import type { Played } from "./played.ts";
import { ROOT } from "./process.ts";

const CURRENCY_ABI = parseAbi([
  "function mint(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
]);
const WALLET: { readonly abi: Abi; readonly bytecode: Hex } = JSON.parse(
  readFileSync(
    path.join(ROOT, "artifacts/contracts/test/ContractWallet.sol/ContractWallet.json"),
    "utf8",
  ),
);

export type RandomActions = ReturnType<typeof randomActions>;

export function randomActions(
  { rpcUrl, deployment, euro, communities, firstSlot, slots }: Played,
  seed: number,
) {
  const { marketplace, microgrids, meters, energy, board, chainId } = deployment;
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
  // Each community's operator and DSO come before its households.
  const count = communities.reduce((sum, { households }) => sum + 2 + households.length, 0);
  const accounts = new Map(
    Array.from({ length: count }, (_, index) => {
      const { account } = localAccount(index);
      return [account.address, account] as const;
    }),
  );
  const [home, other] = communities;
  if (home === undefined || other === undefined) throw new Error("Two microgrids are needed.");
  const { dso, operator } = home;
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
    if (status !== "success") throw new Error(`The transaction ${hash} of ${from} has reverted.`);
  }
  /** One that may revert, and is mined all the same. */
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
      mostAhead: Number(LANE_MAX_WH),
      crosses: false,
      counterparty: zeroAddress,
      settler: zeroAddress,
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

  const communityAbi = { address: microgrids, abi: microgridsAbi } as const;
  const operate = (data: Hex) => send(operator, microgrids, data);

  /** The slot that lasts now, and the number of seconds of each. */
  async function slotNow() {
    const { timestamp } = await client.getBlock();
    const { charter } = await client.readContract({
      ...communityAbi,
      functionName: "microgridOf",
      args: [home?.microgrid ?? 1],
    });
    return { slot: Math.floor(Number(timestamp) / charter.slotSeconds), charter };
  }

  /** All schedules of the first microgrid, in their order. */
  async function schedules() {
    const { schedules: count } = await client.readContract({
      ...communityAbi,
      functionName: "microgridOf",
      args: [home?.microgrid ?? 1],
    });
    return Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.readContract({
          ...communityAbi,
          functionName: "scheduleOf",
          args: [home?.microgrid ?? 1, index],
        }),
      ),
    );
  }

  /** The number of the schedule that holds for a slot. */
  const scheduleAt = async (slot: number): Promise<number> =>
    (await schedules()).findIndex(({ firstSlot: from, endSlot }) => from <= slot && slot < endSlot);

  /** Whether a slot was islanded: whoever buys of it needs a meter and what is left of its ration. */
  async function isIslanded(slot: number): Promise<boolean> {
    const { islanded } = await client.readContract({
      ...communityAbi,
      functionName: "rulesOf",
      args: [home?.microgrid ?? 1, 0, Math.floor(slot / LANES), 1n, false],
    });
    const guard = BigInt((slot % LANES) * 32 + 31);
    return (((islanded[0] ?? 0n) >> guard) & 1n) === 1n;
  }

  /** The slots that were not islanded of which the DSO, who bought what was left over, holds energy. */
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
    const withEnergy = ids.filter((_, index) => (held[index] ?? 0n) > 20n);
    const islanded = await Promise.all(withEnergy.map(isIslanded));
    return withEnergy.filter((_, index) => !islanded[index]);
  }
  const heldSlot = async (): Promise<number> => pick(await heldSlots());
  const laneOf = (slot: number, wh: bigint) => ({
    firstBlock: Math.floor(slot / 8),
    energy: [wh << BigInt((slot % 8) * 32)],
  });

  const takeOf = async (slot: number, wh: bigint) => ({
    microgrid: home.microgrid,
    meter: zeroAddress,
    source: sourceIndex("Solar"),
    schedule: await scheduleAt(slot),
    takerSchedule: 0,
    ...laneOf(slot, wh),
    leastWh: 1,
    limit: 10n ** 12n,
    mostAhead: Number(LANE_MAX_WH),
  });

  /** Calldata of a batch. */
  async function settling(
    orders: readonly SignedOrder[],
    pairs: readonly { offer: number; bid: number; slot: number; slots?: number }[],
  ): Promise<Hex> {
    const matches = await Promise.all(
      pairs.map(async ({ offer, bid, slot, slots: count = 1 }) => {
        const { firstBlock, energy: words } = laneOf(slot, 3n);
        const doubled = words.map((word) => (count === 1 ? word : word + (word << 32n)));
        const schedule = await scheduleAt(slot);
        return {
          ...{ offer, bid, source: sourceIndex("Solar"), schedule, bidSchedule: 0 },
          ...{ firstBlock, energy: doubled },
        };
      }),
    );
    return encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "settle",
      args: [orders.map(({ order }) => order), orders.map(({ signature }) => signature), matches],
    });
  }

  /** Calldata of a batch over two consecutive slots: of two limits, of a posted price and a limit, and of two that don't meet. */
  async function batchOverSlots(): Promise<Hex> {
    const held = await heldSlots();
    const slot = pick(held.filter((each) => held.includes(each + 1) && each % LANES < LANES - 1));
    const orders = await Promise.all([
      sign(dso, { price: 90_000n, settler: ANYONE }),
      sign(anyone(), { side: 1, price: 350_000n, settler: ANYONE }),
      sign(dso, { price: 90_000n }),
      sign(anyone(), { side: 1, price: 120_000n, settler: ANYONE }),
    ]);
    return settling(orders, [
      { offer: 0, bid: 1, slot, slots: 2 },
      { offer: 2, bid: 3, slot },
      { offer: 0, bid: 3, slot },
    ]);
  }

  /** Calldata of a batch of one match: some of the DSO's energy for an account, or for the signer of `bid`. */
  async function batch(bid?: SignedOrder): Promise<Hex> {
    const orders = [
      await sign(dso, { price: 90_000n }),
      bid ?? (await sign(anyone(), { side: 1, price: 200_000n, settler: ANYONE })),
    ];
    return settling(orders, [{ offer: 0, bid: 1, slot: await heldSlot() }]);
  }

  /** Calldata that registers a consumer's meter, with its consent. */
  async function registering(
    device: PrivateKeyAccount,
    owner: Hex,
    microgrid: number,
  ): Promise<Hex> {
    const consented = { microgrid, owner, meter: device.address, source: 0, capacityW: 0 };
    const consent = await device.signTypedData({
      domain: metersDomain(chainId, meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: consented,
    });
    return encodeFunctionData({
      abi: metersAbi,
      functionName: "register",
      args: [{ ...consented, critical: false }, consent],
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
      const who = pick(other.households).address;
      const { timestamp } = await client.getBlock();
      const { lockedUntil } = await client.readContract({
        address: marketplace,
        abi: marketplaceAbi,
        functionName: "accountOf",
        args: [euro, who],
      });
      // A lock is only prolonged, for the same settler and signer.
      const until = Math.max(Number(timestamp), lockedUntil) + 3_600;
      await market(
        who,
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "lock",
          args: [euro, dso, operator, until],
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
          args: [euro, pick(other.households).address, BigInt(below(1_000_000)), 2 ** 40 - 1],
        }),
      );
    },
    async buy() {
      const { order, signature } = await sign(home.dso, {
        price: 100_000n + BigInt(below(100_000)),
      });
      const take = await takeOf(await heldSlot(), 1n + BigInt(below(9)));
      await market(
        anyone(),
        encodeFunctionData({
          abi: marketplaceAbi,
          functionName: "accept",
          args: [order, signature, take],
        }),
      );
    },
    async gift() {
      const neighbour = anyone();
      const { order, signature } = await sign(dso, { price: 0n, counterparty: neighbour });
      const take = await takeOf(await heldSlot(), 2n);
      await market(
        neighbour,
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
          args: [order, signature, await takeOf(await heldSlot(), 2n)],
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
      await operate(
        encodeFunctionData({
          abi: microgridsAbi,
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
    /** Prices by hour, as early as they may begin. */
    async schedule() {
      const { slot, charter } = await slotNow();
      const notice = await client.readContract({ ...communityAbi, functionName: "NOTICE" });
      const earliest = slot + Math.ceil(Number(notice) / charter.slotSeconds) + 2;
      const last = (await schedules()).at(-1)?.firstSlot ?? 0;
      const [feedIn, retail] = [80_000n, 300_000n + BigInt(below(50_000))];
      const level = { fee: 1_000n, cap: retail, feedIn, retail };
      await operate(
        encodeFunctionData({
          abi: microgridsAbi,
          functionName: "schedule",
          args: [
            home.microgrid,
            Math.max(earliest, last + 1),
            below(2 ** 24),
            [MIDDLE, 100_000n, 150_000n, 200_000n].map((price) => ({ ...level, price })),
          ],
        }),
      );
    },
    async ration() {
      await operate(
        encodeFunctionData({
          abi: microgridsAbi,
          functionName: "setRation",
          args: [home.microgrid, 250 + below(9)],
        }),
      );
    },
    /**
     * Cut off and back again at once, or the other way round; twice in a slot, the second island ends before it begins.
     */
    async island() {
      const { islanded: before } = await client.readContract({
        ...communityAbi,
        functionName: "microgridOf",
        args: [home.microgrid],
      });
      for (const islanded of [!before, before]) {
        await operate(
          encodeFunctionData({
            abi: microgridsAbi,
            functionName: "setIslanded",
            args: [home.microgrid, islanded],
          }),
        );
      }
    },
    async declareIsland() {
      const { slot } = await slotNow();
      await operate(
        encodeFunctionData({
          abi: microgridsAbi,
          functionName: "declareIslanded",
          args: [home.microgrid, slot - 2, slot - 1],
        }),
      );
    },
    async closeAndOpen() {
      for (const closed of [true, false]) {
        await operate(
          encodeFunctionData({
            abi: microgridsAbi,
            functionName: "setClosed",
            args: [home.microgrid, closed],
          }),
        );
      }
    },
    async handOver() {
      await operate(
        encodeFunctionData({
          abi: microgridsAbi,
          functionName: "handOver",
          args: [home.microgrid, anyone()],
        }),
      );
    },
    /** A new meter is flagged as critical, sold, moved to the other microgrid and retired there. */
    async moveMeter() {
      const device = privateKeyToAccount(keccak256(toHex(`meter ${seed} ${nonce++}`)));
      const { address: meter } = device;
      const [owner, buyer] = [anyone(), pick(other.households).address];
      await send(operator, meters, await registering(device, owner, home.microgrid));
      await send(
        operator,
        meters,
        encodeFunctionData({ abi: metersAbi, functionName: "setCritical", args: [meter, true] }),
      );
      await send(
        owner,
        meters,
        encodeFunctionData({ abi: metersAbi, functionName: "handOverMeter", args: [meter, buyer] }),
      );
      await send(
        buyer,
        meters,
        encodeFunctionData({ abi: metersAbi, functionName: "acceptMeter", args: [meter, 1] }),
      );
      await send(
        buyer,
        meters,
        encodeFunctionData({
          abi: metersAbi,
          functionName: "moveMeter",
          args: [meter, other.microgrid],
        }),
      );
      await send(other.operator, meters, await registering(device, buyer, other.microgrid));
      await send(
        buyer,
        meters,
        encodeFunctionData({ abi: metersAbi, functionName: "retireMeter", args: [meter] }),
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

  /** Lets time pass until households that sold under a lock can buy at once again. */
  const passLocks = async (): Promise<void> => {
    const held = await Promise.all(
      home.households.map(({ address }) =>
        client.readContract({
          address: marketplace,
          abi: marketplaceAbi,
          functionName: "accountOf",
          args: [euro, address],
        }),
      ),
    );
    const { timestamp } = await client.getBlock();
    const end = BigInt(Math.max(...held.map(({ lockedUntil }) => lockedUntil)));
    if (end <= timestamp) return;
    await client.setNextBlockTimestamp({ timestamp: end });
    await client.mine({ blocks: 1 });
  };

  /** A household promises energy, its meter reports nothing until the deadline, and the buyer calls that undelivered. */
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
    const { slot: now, charter } = await slotNow();
    const slot = now + 3;
    const { order, signature } = await sign(seller.address, {
      meter: seller.meter,
      sources: 1 << seller.source,
      price: 100_000n,
      forward: true,
      bond: 50_000n,
    });
    const reserve = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "reserve",
      args: [order, signature, { ...(await takeOf(slot, 100n)), source: seller.source }],
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
    const call = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "undelivered",
      args: [[{ position, blocks: 1n }]],
    });
    await market(buyer.address, call);
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
      await passLocks();
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

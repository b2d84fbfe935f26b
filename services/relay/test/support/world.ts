import {
  ANY_SOURCE,
  BID,
  boardAbi,
  bulkDigest,
  bulkSignature,
  bulkTree,
  type Deployment,
  EMPTY_ORDER,
  type EnergyBySlot,
  hashOrder,
  hashWithdrawal,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  metersDomain,
  microgridsAbi,
  OFFER,
  ORDER_TYPES,
  type Order,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  type SignedOrder,
  type SignedOrderJson,
  type Source,
  signedOrderToJson,
  sourceIndex,
} from "@wattline/sdk";
import {
  type Address,
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
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { deployContract, deployWattline } from "../../../../ignition/deployLocally.ts";
import { START } from "./node.ts";

/** A chain with Wattline on it, and the hands to do things with them, over RPC as everybody would. */
export type World = Awaited<ReturnType<typeof createWorld>>;

type Account = ReturnType<typeof mnemonicToAccount>;

export const SLOT_SECONDS = 900;
export const START_SLOT = START / SLOT_SECONDS;
export const EURO = 1_000_000n;
/** Prices of all hours unless a test says otherwise, base units per kWh. */
export const LEVEL = {
  price: 200_000n,
  fee: 10_000n,
  cap: 250_000n,
  feedIn: 80_000n,
  retail: 320_000n,
} as const;
/** Wh of an islanded slot. */
export const RATION_WH = 250;

const euroAbi = parseAbi([
  "function mint(address to, uint256 amount)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);
const energyAbi = parseAbi([
  "function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data)",
]);

/** Spelled out, so that the node is asked nothing. */
const FEES = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };

const MNEMONIC = "test test test test test test test test test test test junk";

export const localAccount = (index: number): Account =>
  mnemonicToAccount(MNEMONIC, { addressIndex: index });

const clientAt = (rpcUrl: string) =>
  createTestClient({ mode: "hardhat", transport: http(rpcUrl), pollingInterval: 20, cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions);

/** A meter of microgrid 1, as its operator registers it. */
export interface Registering {
  readonly owner: Address;
  readonly meter: Address;
  readonly source: Source;
  readonly capacityW: number;
}

/** What a tie line does, as the contracts take it. */
export interface LineTerms {
  readonly lossBps: number;
  /** Wh per slot in each direction. */
  readonly capacity: number;
  /** Base units per kWh that is sent. */
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}

/** Energy in slots counted from the start. */
export const slots = (first: number, count: number, wh: bigint): EnergyBySlot =>
  new Map(Array.from({ length: count }, (_, i) => [START_SLOT + first + i, wh]));

/** Deploys Wattline at a node and founds the microgrid 1 there; account 0 operates it, account 1 is its DSO. */
export async function createWorld(rpcUrl: string) {
  const client = clientAt(rpcUrl);
  const operator = localAccount(0);
  const deployment = await deployWattline(http(rpcUrl));
  const euro = await deployContract(http(rpcUrl), "test/TestEuro");
  const { marketplace, microgrids, meters, energy, board, chainId } = deployment;
  const domain = marketDomain(chainId, marketplace);
  let devices = 0;
  let nonces = 0n;

  /** Sends a transaction and waits until it is mined. @throws Error when it fails */
  async function send(account: Account, to: Address, data: Hex): Promise<void> {
    const transaction = { account, to, data, chain: null, gas: 8_000_000n, ...FEES };
    const hash = await client.sendTransaction(transaction);
    const { status } = await client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`The transaction ${hash} has failed.`);
  }

  type MarketCall = Parameters<typeof encodeFunctionData<typeof marketplaceAbi>>[0];
  const market = (account: Account, functionName: string, args: readonly unknown[]) =>
    send(
      account,
      marketplace,
      encodeFunctionData({ abi: marketplaceAbi, functionName, args } as MarketCall),
    );
  type MetersCall = Parameters<typeof encodeFunctionData<typeof metersAbi>>[0];
  const metering = (account: Account, functionName: string, args: readonly unknown[]) =>
    send(account, meters, encodeFunctionData({ abi: metersAbi, functionName, args } as MetersCall));
  type MicrogridsCall = Parameters<typeof encodeFunctionData<typeof microgridsAbi>>[0];
  /** What the operator does to its microgrid. */
  const operate = (functionName: string, args: readonly unknown[]) =>
    send(
      operator,
      microgrids,
      encodeFunctionData({ abi: microgridsAbi, functionName, args } as MicrogridsCall),
    );

  const charter = {
    name: "Sunny Lane",
    latitudeTenths: 484,
    longitudeTenths: 100,
    currency: euro,
    slotSeconds: SLOT_SECONDS,
    reportingDeadline: 86_400,
    utcOffsetMinutes: 0,
  };
  await operate("found", [charter, 0, [LEVEL], localAccount(1).address, RATION_WH]);

  /** The same operator founds a microgrid like the first, joined to it by a tie line of these terms. */
  async function foundNextDoor(name: string, line: LineTerms): Promise<void> {
    await operate("found", [{ ...charter, name }, 0, [LEVEL], localAccount(1).address, RATION_WH]);
    await operate("proposeTieLine", [1, 2, line]);
    await operate("proposeTieLine", [2, 1, line]);
  }

  /** Registers a device that has consented to it. */
  const register = (
    { owner, meter, source, capacityW }: Registering,
    consent: Hex,
  ): Promise<void> => {
    const registration = { microgrid: 1, owner, meter, capacityW, critical: false };
    return metering(operator, "register", [
      { ...registration, source: sourceIndex(source) },
      consent,
    ]);
  };

  /** Registers a device, which signs its consent. */
  async function registerDevice(
    device: PrivateKeyAccount,
    { owner, source, capacityW }: Omit<Registering, "meter">,
  ): Promise<void> {
    const terms = { owner, meter: device.address, capacityW };
    const consent = await device.signTypedData({
      domain: metersDomain(chainId, meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { ...terms, microgrid: 1, source: sourceIndex(source) },
    });
    await register({ ...terms, source }, consent);
  }

  /** Registers a new meter of 10 kW for `owner`. */
  async function meter(
    owner: Address,
    { source = "Solar" }: { source?: Source } = {},
  ): Promise<PrivateKeyAccount> {
    const device = privateKeyToAccount(keccak256(toHex(`device ${devices++} at ${rpcUrl}`)));
    await registerDevice(device, { owner, source, capacityW: 10_000 });
    return device;
  }

  /** The device signs what it measured, and it is minted to the meter's owner. */
  async function report(device: PrivateKeyAccount, exportedWh: EnergyBySlot): Promise<void> {
    const { firstBlock, words } = packReading(exportedWh);
    const reading = { meter: device.address, firstBlock, exported: [...words] };
    const signature = await device.signTypedData({
      domain: metersDomain(chainId, meters),
      types: READING_TYPES,
      primaryType: "Reading",
      message: reading,
    });
    await metering(operator, "report", [reading, signature]);
  }

  /** Puts money into an account's escrow. */
  async function fund(account: Account, amount: bigint): Promise<void> {
    const call = (functionName: "mint" | "approve", to: Address) =>
      send(account, euro, encodeFunctionData({ abi: euroAbi, functionName, args: [to, amount] }));
    await call("mint", account.address);
    await call("approve", marketplace);
    await market(account, "deposit", [euro, amount]);
  }

  /** A posted bid for the day's first two hours, good for a month unless told otherwise. */
  function order(maker: Address, overrides: Partial<Order> = {}): Order {
    return {
      ...EMPTY_ORDER,
      maker,
      microgrid: 1,
      side: BID,
      sources: ANY_SOURCE,
      firstSlot: START_SLOT,
      lastSlot: START_SLOT + 7,
      energy: 1_000,
      price: 200_000n,
      nonce: nonces++,
      deadline: START + 30 * 86_400,
      ...overrides,
    };
  }

  const sign = async (
    by: Pick<Account, "signTypedData">,
    signed: Order,
  ): Promise<SignedOrderJson> =>
    signedOrderToJson({
      order: signed,
      signature: await by.signTypedData({
        domain,
        types: ORDER_TYPES,
        primaryType: "Order",
        message: { ...signed },
      }),
    });

  /** Signs many orders at once. */
  async function signBulk(by: PrivateKeyAccount, orders: readonly Order[]) {
    const tree = bulkTree(orders);
    const signature = await by.sign({ hash: bulkDigest(domain, tree) });
    return orders.map((one, i) =>
      signedOrderToJson({ order: one, signature: bulkSignature(tree, i, signature) }),
    );
  }

  /** A signed withdrawal from the books. */
  const signWithdrawal = (by: Account, hash: Hex): Promise<Hex> =>
    privateKeyOf(by).sign({ hash: hashWithdrawal(domain, hash) });

  /** `taker` takes energy of a signed order at its price; a forward is reserved. */
  async function take(
    taker: Account,
    { order: taken, signature }: SignedOrder,
    energyWh: EnergyBySlot,
    meterOfTaker: Address = zeroAddress,
  ): Promise<void> {
    const { firstBlock, words } = packProfile(energyWh);
    const limit = taken.side === OFFER ? 2n ** 128n : 0n;
    await market(taker, taken.forward ? "reserve" : "accept", [
      taken,
      signature,
      {
        microgrid: 1,
        meter: meterOfTaker,
        source: sourceIndex("Solar"),
        schedule: 0,
        takerSchedule: 0,
        firstBlock,
        energy: [...words],
        leastWh: 1,
        limit,
        mostAhead: 2 ** 31 - 1,
      },
    ]);
  }

  return {
    rpcUrl,
    client,
    deployment: deployment satisfies Deployment,
    domain,
    euro,
    operator,
    send,
    market,
    metering,
    operate,
    foundNextDoor,
    register,
    registerDevice,
    meter,
    report,
    fund,
    order,
    sign,
    signBulk,
    signWithdrawal,
    take,
    hashOf: (of: Order): Hex => hashOrder(domain, of),
    setIslanded: (isIslanded: boolean) => operate("setIslanded", [1, isIslanded]),
    setClosed: (isClosed: boolean) => operate("setClosed", [1, isClosed]),
    pin: (account: Account, orders: readonly SignedOrder[]) =>
      send(
        account,
        board,
        encodeFunctionData({
          abi: boardAbi,
          functionName: "pin",
          args: [orders.map((one) => one.order), orders.map(({ signature }) => signature)],
        }),
      ),
    giveEnergy: (from: Account, to: Address, id: bigint, wh: bigint) =>
      send(
        from,
        energy,
        encodeFunctionData({
          abi: energyAbi,
          functionName: "safeTransferFrom",
          args: [from.address, to, id, wh, "0x"],
        }),
      ),
    /** Lets the chain's clock pass the start by this many slots. */
    async passSlots(count: number): Promise<void> {
      const { timestamp } = await client.getBlock();
      const time = BigInt(START + count * SLOT_SECONDS);
      if (timestamp >= time) return;
      await client.setNextBlockTimestamp({ timestamp: time });
      await client.mine({ blocks: 1 });
    },
  };
}

/** The key of a local account, to sign hashes with. */
export function privateKeyOf(account: Account): PrivateKeyAccount {
  const key = account.getHdKey().privateKey;
  if (key === null) throw new Error("The account has no key.");
  return privateKeyToAccount(toHex(key));
}

import {
  type ChainBlock,
  type ChainLog,
  type ChainTransaction,
  type Contracts,
  costMillis,
  EMPTY_ORDER,
  energyTokenAbi,
  hashOrder,
  hashReading,
  LANES,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  metersDomain,
  microgridsAbi,
  type Order,
  sourceIndex,
} from "@wattline/sdk";
import { signRecoverable } from "tiny-secp256k1";
import {
  type Address,
  bytesToHex,
  concat,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  numberToHex,
  toHex,
  zeroAddress,
} from "viem";
import { privateKeyToAddress } from "viem/accounts";

export const CHAIN_ID = 31_337;

export const CONTRACTS: Contracts = {
  marketplace: addressOf("marketplace"),
  microgrids: addressOf("microgrids"),
  meters: addressOf("meters"),
  energy: addressOf("energy"),
};

const EURO = addressOf("euro");
const DSO = addressOf("dso");
const SLOT_SECONDS = 900;
const PRICE = 170_000n;
/** Homes with a roof, each with a neighbour that buys its energy. */
const HOMES = 200;
const FIRST_BLOCK = Math.floor(Date.UTC(2026, 5, 21) / 1000 / SLOT_SECONDS / LANES);
/** Hydropower, so that solar plausibility is not part of the figures. */
const SOURCE = sourceIndex("Hydro");

interface Home {
  readonly key: Uint8Array;
  readonly address: Address;
  readonly device: Uint8Array;
  readonly meter: Address;
  readonly neighbour: Address;
}

function keyOf(name: string): Hex {
  return keccak256(toHex(`wattline bench: ${name}`));
}

function addressOf(name: string): Address {
  return privateKeyToAddress(keyOf(name));
}

const domains = {
  market: marketDomain(CHAIN_ID, CONTRACTS.marketplace),
  meters: metersDomain(CHAIN_ID, CONTRACTS.meters),
};

/** Logs per block. */
export const eventsIn = ({ transactions }: ChainBlock): number =>
  transactions.reduce((sum, { logs }) => sum + logs.length, 0);

/**
 * An endless history: every two hours every home reports eight slots, and its neighbour buys them all and retires them
 * half a day later. Signatures are real on request.
 */
export async function* historyOf({
  signatures,
}: {
  readonly signatures: boolean;
}): AsyncGenerator<ChainBlock> {
  const homes = Array.from({ length: HOMES }, (_, index): Home => {
    const [key, device] = [keyOf(`home ${index}`), keyOf(`device ${index}`)];
    return {
      key: hexToBytes(key),
      address: privateKeyToAddress(key),
      device: hexToBytes(device),
      meter: privateKeyToAddress(device),
      neighbour: addressOf(`neighbour ${index}`),
    };
  });
  let number = 0;
  const blockOf = (timestamp: number, transactions: readonly ChainTransaction[]): ChainBlock => {
    number++;
    return { number, timestamp, hash: keccak256(numberToHex(number)), transactions };
  };
  const start = FIRST_BLOCK * LANES * SLOT_SECONDS;
  yield blockOf(start, [foundation(homes)]);
  for (let round = 0; ; round++) {
    const ended = start + (round + 1) * LANES * SLOT_SECONDS;
    for (const home of homes) {
      const transactions = [
        report(home, FIRST_BLOCK + round, signatures),
        sale(home, round, signatures),
      ];
      if (round >= 6) transactions.push(retirement(home, FIRST_BLOCK + round - 6));
      yield blockOf(ended, transactions);
    }
  }
}

/** Eight slots of 25 to 32 Wh. */
const wordOf = (guard: bigint): bigint =>
  Array.from({ length: LANES }, (_, lane) => BigInt(25 + lane) | guard).reduce(
    (word, each, lane) => word | (each << BigInt(32 * lane)),
    0n,
  );
const ENERGY = wordOf(0n);
const READING = wordOf(1n << 31n);
const WH = BigInt(Array.from({ length: LANES }, (_, lane) => 25 + lane).reduce((a, b) => a + b));
const VALUES = Array.from({ length: LANES }, (_, lane) => BigInt(25 + lane));

let logIndex = 0;
const logOf = (
  address: Address,
  { topics, data }: { readonly topics: readonly Hex[]; readonly data: Hex },
): ChainLog => ({ address, topics, data, logIndex: logIndex++ });

const transactionOf = (
  from: Address,
  to: Address,
  input: Hex,
  logs: readonly ChainLog[],
): ChainTransaction => ({ hash: keccak256(numberToHex(logIndex)), from, to, input, logs });

/** The microgrid, its meters and everyone's money, in one transaction. */
function foundation(homes: readonly Home[]): ChainTransaction {
  const founded = event(microgridsAbi, "Founded", {
    microgrid: 1,
    operator: DSO,
    dso: DSO,
    charter: {
      name: "Bench",
      latitudeTenths: 513,
      longitudeTenths: 95,
      currency: EURO,
      slotSeconds: SLOT_SECONDS,
      reportingDeadline: 86_400,
      utcOffsetMinutes: 60,
    },
    ration: 250,
  });
  const scheduled = event(microgridsAbi, "Scheduled", {
    microgrid: 1,
    schedule: 0,
    firstSlot: 0,
    levelOfHour: 0,
    levels: [{ price: 200_000n, fee: 0n, cap: 320_000n, feedIn: 80_000n, retail: 320_000n }],
  });
  const logs = [founded, scheduled].map((each) => logOf(CONTRACTS.microgrids, each));
  for (const { address, meter, neighbour } of homes) {
    const registered = {
      meter,
      microgrid: 1,
      owner: address,
      source: SOURCE,
      capacityW: 5_000,
      critical: false,
      firstSlot: FIRST_BLOCK * LANES,
    };
    const deposited = { currency: EURO, holder: neighbour, amount: 10n ** 15n };
    logs.push(logOf(CONTRACTS.meters, event(metersAbi, "MeterRegistered", registered)));
    logs.push(logOf(CONTRACTS.marketplace, event(marketplaceAbi, "Deposited", deposited)));
  }
  return transactionOf(DSO, addressOf("elsewhere"), "0x", logs);
}

function transfer(operator: Address, from: Address, to: Address, block: number): ChainLog {
  const first = (1n << 40n) | (BigInt(SOURCE) << 32n) | BigInt(block * LANES);
  const ids = VALUES.map((_, lane) => first + BigInt(lane));
  return logOf(
    CONTRACTS.energy,
    event(energyTokenAbi, "TransferBatch", { operator, from, to, ids, values: VALUES }),
  );
}

function report({ address, meter, device }: Home, block: number, signs: boolean) {
  const reading = { meter, firstBlock: block, exported: [READING] };
  const signature = signs ? signatureOf(hashReading(domains.meters, reading), device) : "0x";
  const input = encodeFunctionData({
    abi: metersAbi,
    functionName: "report",
    args: [reading, signature],
  });
  const reported = { meter, firstBlock: block, exported: [READING] };
  return transactionOf(address, CONTRACTS.meters, input, [
    logOf(CONTRACTS.meters, event(metersAbi, "Reported", reported)),
    transfer(CONTRACTS.meters, zeroAddress, address, block),
  ]);
}

function sale({ address, key, neighbour }: Home, round: number, signs: boolean) {
  const block = FIRST_BLOCK + round;
  const order: Order = {
    ...EMPTY_ORDER,
    maker: address,
    microgrid: 1,
    sources: 1 << SOURCE,
    firstSlot: block * LANES,
    lastSlot: block * LANES + LANES - 1,
    energy: Number(WH),
    price: PRICE,
    nonce: BigInt(round),
    deadline: 2 ** 33,
  };
  const orderHash = hashOrder(domains.market, order);
  const take = {
    microgrid: 1,
    meter: zeroAddress,
    source: SOURCE,
    schedule: 0,
    takerSchedule: 0,
    firstBlock: block,
    energy: [ENERGY],
    leastWh: 0,
    limit: 10n ** 18n,
    mostAhead: 0,
  };
  const input = encodeFunctionData({
    abi: marketplaceAbi,
    functionName: "accept",
    args: [order, signs ? signatureOf(orderHash, key) : "0x", take],
  });
  const traded = {
    orderHash,
    maker: address,
    taker: neighbour,
    nonce: order.nonce,
    filled: WH,
    cost: costMillis(PRICE, WH),
    charge: 0n,
  };
  return transactionOf(neighbour, CONTRACTS.marketplace, input, [
    logOf(CONTRACTS.marketplace, event(marketplaceAbi, "Traded", traded)),
    transfer(CONTRACTS.marketplace, address, neighbour, block),
  ]);
}

function retirement({ neighbour }: Home, block: number): ChainTransaction {
  const retired = {
    holder: neighbour,
    beneficiary: neighbour,
    microgrid: 1,
    source: SOURCE,
    firstBlock: block,
    energy: [ENERGY],
    purpose: "home",
  };
  return transactionOf(neighbour, CONTRACTS.energy, "0x", [
    transfer(neighbour, neighbour, zeroAddress, block),
    logOf(CONTRACTS.energy, event(energyTokenAbi, "Retired", retired)),
  ]);
}

function signatureOf(digest: Hex, key: Uint8Array): Hex {
  const { signature, recoveryId } = signRecoverable(hexToBytes(digest), key);
  return concat([bytesToHex(signature), numberToHex(27 + recoveryId, { size: 1 })]);
}

interface EventItem {
  readonly type: "event";
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly indexed?: boolean }[];
}

/** An event as a log. */
function event(abi: readonly unknown[], name: string, args: Readonly<Record<string, unknown>>) {
  const item = abi.find(
    (each): each is EventItem =>
      typeof each === "object" && each !== null && "name" in each && each.name === name,
  );
  if (item === undefined) throw new Error(`The ABI has no event ${name}.`);
  const plain = item.inputs.filter(({ indexed }) => !indexed);
  const topics = encodeEventTopics({ abi: [item], eventName: name, args } as never) as Hex[];
  const data = encodeAbiParameters(plain as never, plain.map(({ name: of }) => args[of]) as never);
  return { topics, data };
}

import { decodeLog, type HistoryEvent, Microgrids } from "@wattline/sdk";
import type { Log } from "ethers";
import { type Address, custom, getAddress, type Hex, isHex } from "viem";
import { deployContract, deployWattline } from "../../../../ignition/deployLocally.ts";
import type { CommunitySeries } from "../profiles/series.ts";
import type { Chain } from "./chain.ts";
import { ISLAND_RATION_WH, schedulesOf, type Tariffs, utcOffsetMinutesOf } from "./tariffs.ts";

/** Wattline on a chain, with the first microgrid founded, and a way to send transactions. */
export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** A thousand Test Euros for each demo account, in millionths: as in the Ignition module LocalDemo. */
const POCKET_MONEY = 1_000_000_000n;
/** The first accounts of a local chain: operator, DSO and three households. */
const DEMO_ACCOUNTS = 5;

/** The gas limit of ordinary transactions, which saves estimates. The largest is a day of readings. */
const GAS_LIMIT = 8_000_000n;
/** The gas limit of a batch: Ethereum's limit for a transaction, rounded down. */
export const BATCH_GAS_LIMIT = 16_700_000n;

/** What an operator says when it founds a microgrid, and the schedules that it announces at once. */
export function foundingOf(series: CommunitySeries, currency: Address, tariffs: Tariffs) {
  const [first, ...later] = schedulesOf(tariffs, series);
  const charter = {
    name: series.name,
    latitudeTenths: series.place.latitudeTenths,
    longitudeTenths: series.place.longitudeTenths,
    currency,
    slotSeconds: series.slotSeconds,
    reportingDeadline: 86_400,
    utcOffsetMinutes: utcOffsetMinutesOf(series),
  };
  return { charter, first, later, ration: Number(ISLAND_RATION_WH) };
}

/** A currency of a local chain: the second one takes authorizations (ERC-3009), as USDC and EURC do. */
export type PlayMoney = "TestEuro" | "TestEuro3009";

/** Deploys Wattline on `chain` with a microgrid for `first`. */
export async function deploy(
  chain: Chain,
  first: CommunitySeries,
  tariffs: Tariffs,
  money: PlayMoney = "TestEuro",
) {
  const { ethers } = chain;
  const node = custom(chain.connection.provider);
  const { chainId, fromBlock, ...deployed } = await deployWattline(node);
  const addresses = { ...deployed, euro: await deployContract(node, `test/${money}`) };
  const contracts = {
    marketplace: await ethers.getContractAt("Marketplace", addresses.marketplace),
    microgrids: await ethers.getContractAt("Microgrids", addresses.microgrids),
    meters: await ethers.getContractAt("Meters", addresses.meters),
    energy: await ethers.getContractAt("EnergyToken", addresses.energy),
    euro: await ethers.getContractAt("TestEuro", addresses.euro),
  };
  const [operator, dso, ...others] = await ethers.getSigners();
  if (operator === undefined || dso === undefined) throw new Error("The chain has no accounts.");
  const founding = foundingOf(first, addresses.euro, tariffs);
  const asOperator = contracts.microgrids.connect(operator);
  const { levelOfHour, levels } = founding.first;
  await mined(
    asOperator.found(founding.charter, levelOfHour, [...levels], dso.address, founding.ration),
  );
  for (const { firstSlot, ...day } of founding.later) {
    await mined(asOperator.schedule(1, firstSlot, day.levelOfHour, [...day.levels]));
  }
  for (const { address } of [operator, dso, ...others].slice(0, DEMO_ACCOUNTS)) {
    await mined(contracts.euro.connect(operator).mint(address, POCKET_MONEY));
  }

  const nonces = new Map<Address, number>();
  /** The transaction fields of `from`: all given, so that the node is not asked. */
  async function overridesOf(from: Address, gasLimit: bigint) {
    const nonce = nonces.get(from) ?? (await ethers.provider.getTransactionCount(from));
    nonces.set(from, nonce + 1);
    return {
      nonce,
      gasLimit,
      maxFeePerGas: 10_000_000_000n,
      maxPriorityFeePerGas: 1n,
      type: 2,
    };
  }

  const facts = new Microgrids();
  let nextBlock = fromBlock;

  /** Wattline's events among logs, as the sdk reads them. */
  const eventsIn = (logs: readonly Log[]): HistoryEvent[] =>
    logs.flatMap(({ address, topics, data, index }) => {
      const log = { address: getAddress(address), topics: topics.map(hex), data: hex(data) };
      return decodeLog(addresses, { ...log, logIndex: index }) ?? [];
    });

  return {
    chain,
    addresses,
    chainId,
    fromBlock,
    ...contracts,
    eventsIn,
    /** The block at which the first microgrid was founded, and the demo accounts have their money. */
    deployedAt: await ethers.provider.getBlockNumber(),

    /** All microgrids and tie lines as they are now, by their events. */
    async facts(): Promise<Microgrids> {
      const { provider } = ethers;
      const latest = await provider.getBlockNumber();
      if (latest < nextBlock) return facts;
      const range = { fromBlock: nextBlock, toBlock: latest };
      for (const log of await provider.getLogs({ address: addresses.microgrids, ...range })) {
        const block = await provider.getBlock(log.blockNumber);
        for (const event of eventsIn([log])) facts.add(event, block?.timestamp ?? 0);
      }
      nextBlock = latest + 1;
      return facts;
    },

    /** Sends a transaction of `from` and waits for it. */
    async send<T>(
      from: Address,
      call: (overrides: Awaited<ReturnType<typeof overridesOf>>) => Promise<{
        wait(): Promise<T | null>;
      }>,
      gasLimit = GAS_LIMIT,
    ): Promise<T> {
      const receipt = await call(await overridesOf(from, gasLimit))
        .then((sent) => sent.wait())
        .catch((error: unknown) => {
          // Whether it was mined is unknown: the next transaction asks the node.
          nonces.delete(from);
          throw error;
        });
      if (receipt === null)
        throw new Error("The chain accepted a transaction but returned no receipt.");
      return receipt;
    },
  };
}

/** A node may mine a moment after it has answered: until then it counts the sender's transactions without this one. */
async function mined(sending: Promise<{ wait(): Promise<unknown> }>): Promise<void> {
  const sent = await sending;
  await sent.wait();
}

function hex(text: string): Hex {
  if (!isHex(text)) throw new TypeError(`The node answered "${text}", which is no hexadecimal.`);
  return text;
}

import { rmSync } from "node:fs";
import path from "node:path";
import {
  type EnergyBySlot,
  LANE_MAX_WH,
  marketDomain,
  metersDomain,
  ORDER_TYPES,
  type Order,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  SIDES,
  type Side,
  type SignedOrder,
  type Source,
  sourceIndex,
  sourceMask,
} from "@wattline/sdk";
import hre from "hardhat";
import { type Address, getAddress, parseSignature, zeroAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import LocalDemo from "../../ignition/modules/LocalDemo.ts";
import type { CommunitySeries, HouseholdSeries } from "../community/series.ts";
import { SHELTER } from "../community/town.ts";
import { DSO, deviceKey, FIRST_HOUSEHOLD, OPERATOR } from "./accounts.ts";
import type { Chain } from "./chain.ts";
import type { Tariffs } from "./options.ts";

/** The deployed market with a community in it, and the hands of its people. */
export type Community = Awaited<ReturnType<typeof settle>>;

/** Someone with a wallet and a meter in the community. */
export interface Member {
  readonly name: string;
  readonly address: Address;
  readonly account: PrivateKeyAccount;
  readonly signer: Awaited<ReturnType<Chain["wallet"]>>["signer"];
  readonly device: PrivateKeyAccount;
  /** What its meter saw; the DSO at the point of common coupling has none. */
  readonly series?: HouseholdSeries;
}

/** LocalDemo founds the first microgrid of a fresh deployment. */
const MICROGRID = 1;
/** Enough for the largest call of the simulation: a day of readings; spares an estimate per call. */
const GAS_LIMIT = 8_000_000n;
const NO_LIMIT = { buy: 2n ** 128n, sell: 0n } as const;

/** Deploys Wattline and settles the households of `series` on `chain`, each with a wallet and a registered meter. */
export async function settle(chain: Chain, series: CommunitySeries, tariffs: Tariffs) {
  const { ethers } = chain;
  // Ignition goes on with a chain's earlier deployment; a development chain starts over each time.
  const deploymentId = "simulation";
  rmSync(path.join(hre.config.paths.ignition, "deployments", deploymentId), {
    recursive: true,
    force: true,
  });
  const deployed = await chain.connection.ignition.deploy(LocalDemo, {
    deploymentId,
    parameters: {
      LocalDemo: {
        name: series.name,
        latitudeTenths: series.place.latitudeTenths,
        longitudeTenths: series.place.longitudeTenths,
        slotSeconds: series.slotSeconds,
        feedIn: tariffs.feedInPerKwh,
        retail: tariffs.retailPerKwh[0] ?? 0n,
        islandPriceCap: tariffs.retailPerKwh[0] ?? 0n,
      },
    },
  });
  const marketplace = await ethers.getContractAt(
    "Marketplace",
    await deployed.marketplace.getAddress(),
  );
  const meters = await ethers.getContractAt("Meters", await deployed.meters.getAddress());
  const energy = await ethers.getContractAt("EnergyToken", await deployed.energy.getAddress());
  const euro = await ethers.getContractAt("TestEuro", await deployed.euro.getAddress());
  const addresses = {
    marketplace: getAddress(await marketplace.getAddress()),
    meters: getAddress(await meters.getAddress()),
    energy: getAddress(await energy.getAddress()),
    euro: getAddress(await euro.getAddress()),
  };
  const chainId = Number((await ethers.provider.getNetwork()).chainId);
  const nonces = new Map<Address, number>();
  let gasUsed = 0n;
  let orderNonce = 0n;

  /** What every transaction of `from` carries: spelled out, so that the node is asked nothing. */
  async function overrides(from: Address) {
    const nonce = nonces.get(from) ?? (await ethers.provider.getTransactionCount(from));
    nonces.set(from, nonce + 1);
    return {
      nonce,
      gasLimit: GAS_LIMIT,
      maxFeePerGas: 10_000_000_000n,
      maxPriorityFeePerGas: 1n,
      type: 2,
    };
  }

  /** Waits for a transaction and counts its gas. */
  async function mined<T extends { gasUsed: bigint }>(
    sent: Promise<{ wait(): Promise<T | null> }>,
  ): Promise<T> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error("The chain took a transaction and returned no receipt.");
    gasUsed += receipt.gasUsed;
    return receipt;
  }

  async function member(index: number, name: string, household?: HouseholdSeries): Promise<Member> {
    const wallet = await chain.wallet(index);
    const device = deviceKey(series.name, name);
    return { name, ...wallet, device, ...(household && { series: household }) };
  }

  const operator = await chain.wallet(OPERATOR);
  const dso = await member(DSO, "DSO");
  const households: Member[] = [];
  for (const [index, household] of series.households.entries()) {
    households.push(await member(FIRST_HOUSEHOLD + index, household.name, household));
  }

  async function register(who: Member, source: Source, capacityW: number): Promise<void> {
    const consent = await who.device.signTypedData({
      domain: metersDomain(chainId, addresses.meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { microgrid: MICROGRID, owner: who.address },
    });
    const { address } = operator;
    await mined(
      meters
        .connect(operator.signer)
        .register(
          MICROGRID,
          who.address,
          who.device.address,
          sourceIndex(source),
          capacityW,
          who.name === SHELTER,
          consent,
          await overrides(address),
        ),
    );
  }
  await register(dso, "Grid", 0);
  for (const who of households) await register(who, "Solar", who.series?.capacityW ?? 0);

  return {
    marketplace,
    meters,
    energy,
    euro,
    addresses,
    chainId,
    microgrid: MICROGRID,
    dso,
    households,
    /** Gas of every transaction of the operator, the DSO and the households so far. */
    gasUsed: () => gasUsed,

    /** The operator publishes a new retail tariff. */
    async setRetail(retailPerKwh: bigint): Promise<void> {
      const current = {
        feedIn: tariffs.feedInPerKwh,
        retail: retailPerKwh,
        networkFee: 0n,
        islandPriceCap: retailPerKwh,
      };
      await mined(
        meters
          .connect(operator.signer)
          .setTariffs(MICROGRID, current, await overrides(operator.address)),
      );
    },

    /** `who` gets `amount` of the play currency and brings it into escrow with a permit. */
    async fund(who: Member, amount: bigint): Promise<void> {
      await mined(euro.connect(who.signer).mint(who.address, amount, await overrides(who.address)));
      const deadline = BigInt(await chain.chainTime()) + 86_400n;
      const permit = await who.account.signTypedData({
        domain: { name: "Test Euro", version: "1", chainId, verifyingContract: addresses.euro },
        types: {
          Permit: [
            { name: "owner", type: "address" },
            { name: "spender", type: "address" },
            { name: "value", type: "uint256" },
            { name: "nonce", type: "uint256" },
            { name: "deadline", type: "uint256" },
          ],
        },
        primaryType: "Permit",
        message: {
          owner: who.address,
          spender: addresses.marketplace,
          value: amount,
          nonce: await euro.nonces(who.address),
          deadline,
        },
      });
      const { r, s, yParity } = parseSignature(permit);
      await mined(
        marketplace
          .connect(who.signer)
          .depositWithPermit(
            addresses.euro,
            amount,
            deadline,
            27 + yParity,
            r,
            s,
            await overrides(who.address),
          ),
      );
    },

    /** The device signs what it measured; its owner submits it and so mints it. */
    async report(who: Member, exportedWh: EnergyBySlot) {
      const { firstBlock, words } = packReading(exportedWh);
      const reading = { meter: who.device.address, firstBlock, exported: [...words] };
      const signature = await who.device.signTypedData({
        domain: metersDomain(chainId, addresses.meters),
        types: READING_TYPES,
        primaryType: "Reading",
        message: reading,
      });
      return mined(
        meters.connect(who.signer).report(reading, signature, await overrides(who.address)),
      );
    },

    /** `maker` signs an order over the slots `firstSlot` to `lastSlot`, open for a day after the last one. */
    async sign(
      maker: Member,
      side: Side,
      terms: { firstSlot: number; lastSlot: number; pricePerKwh: bigint },
    ): Promise<SignedOrder> {
      const order: Order = {
        maker: maker.address,
        meter: maker.device.address,
        side: SIDES.indexOf(side),
        sources: sourceMask("Solar"),
        firstSlot: terms.firstSlot,
        lastSlot: terms.lastSlot,
        energy: Number(LANE_MAX_WH),
        price: terms.pricePerKwh,
        forward: false,
        bond: 0n,
        counterparty: zeroAddress,
        nonce: orderNonce++,
        counter: (await marketplace.accountOf(addresses.euro, maker.address)).counter,
        deadline: (terms.lastSlot + 1) * series.slotSeconds + 86_400,
      };
      const signature = await maker.account.signTypedData({
        domain: marketDomain(chainId, addresses.marketplace),
        types: ORDER_TYPES,
        primaryType: "Order",
        message: order,
      });
      return { order, signature };
    },

    /** `taker` takes energy of a signed order at its price. */
    async accept(taker: Member, { order, signature }: SignedOrder, energyWh: EnergyBySlot) {
      const { firstBlock, words } = packProfile(energyWh);
      const take = {
        source: sourceIndex("Solar"),
        firstBlock,
        energy: [...words],
        limit: SIDES[order.side] === "offer" ? NO_LIMIT.buy : NO_LIMIT.sell,
      };
      return mined(
        marketplace
          .connect(taker.signer)
          .accept(order, signature, take, await overrides(taker.address)),
      );
    },
  };
}

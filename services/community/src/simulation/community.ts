import {
  type EnergyBySlot,
  metersDomain,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  type Source,
  sourceIndex,
} from "@wattline/sdk";
import { type Address, parseSignature } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { SHELTER } from "../profiles/homes.ts";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";
import { deviceKey } from "./accounts.ts";
import type { Chain } from "./chain.ts";
import { type Deployment, foundingOf } from "./deployment.ts";
import type { Tariffs } from "./tariffs.ts";
import type { TieLine } from "./tieLine.ts";

/** A microgrid and its people. */
export type Community = Awaited<ReturnType<typeof settleCommunity>>;

/** Someone with a wallet on the chain. */
export type Person = Awaited<ReturnType<Chain["wallet"]>> & { readonly name: string };

/** Someone with a metered home. */
export interface Household extends Person {
  readonly device: PrivateKeyAccount;
  /** Its metered energy. */
  readonly series: HouseholdSeries;
  /** Whether it is a critical load. */
  readonly critical: boolean;
}

/** The critical load: the Shelter, otherwise the first consumer, otherwise the last home. */
function criticalHome({ households }: CommunitySeries): HouseholdSeries | undefined {
  return (
    households.find(({ name }) => name === SHELTER) ??
    households.find(({ capacityW }) => capacityW === 0) ??
    households.at(-1)
  );
}

/**
 * Creates the households of `series` in their own microgrid, each with a wallet and a registered meter.
 * @param microgrid Its number; the first one was founded with the deployment, any other is founded here.
 * @param firstAccount The local account that operates it; the DSO and the households follow.
 */
export async function settleCommunity(
  wattline: Deployment,
  series: CommunitySeries,
  tariffs: Tariffs,
  microgrid: number,
  firstAccount: number,
) {
  const { chain, microgrids, addresses, send } = wattline;
  const operator: Person = { name: "operator", ...(await chain.wallet(firstAccount)) };
  const dso: Person = { name: "DSO", ...(await chain.wallet(firstAccount + 1)) };
  const asOperator = microgrids.connect(operator.signer);
  if (microgrid > 1) {
    const { charter, first, later, ration } = foundingOf(series, addresses.euro, tariffs);
    const { levelOfHour, levels } = first;
    await send(operator.address, (o) =>
      asOperator.found(charter, levelOfHour, [...levels], dso.address, ration, o),
    );
    for (const { firstSlot, ...day } of later) {
      await send(operator.address, (o) =>
        asOperator.schedule(microgrid, firstSlot, day.levelOfHour, [...day.levels], o),
      );
    }
  }

  const critical = criticalHome(series);
  const households: Household[] = [];
  for (const [index, household] of series.households.entries()) {
    const wallet = await chain.wallet(firstAccount + 2 + index);
    const device = deviceKey(series.name, household.name);
    const who = {
      name: household.name,
      ...wallet,
      device,
      series: household,
      critical: household === critical,
    };
    await register(wattline, operator, microgrid, who, "Solar", household.capacityW, who.critical);
    households.push(who);
  }

  return {
    microgrid,
    series,
    operator,
    dso,
    households,

    /** The operator declares that an island begins with the current slot, or ends with it. */
    async setIslanded(islanded: boolean): Promise<void> {
      await send(operator.address, (o) => asOperator.setIslanded(microgrid, islanded, o));
    },

    /** The operator proposes a tie line to the microgrid `other`, or agrees to that one's proposal. */
    async agreeTieLine(other: number, line: TieLine): Promise<void> {
      const terms = {
        lossBps: line.lossBps,
        capacity: line.capacityWh,
        wheelingUp: line.wheelingPerKwh,
        wheelingDown: line.wheelingPerKwh,
      };
      await send(operator.address, (o) => asOperator.proposeTieLine(microgrid, other, terms, o));
    },
  };
}

/** The operator registers a meter of `who`, to which its device has consented. */
export async function register(
  { meters, addresses, chainId, send }: Deployment,
  operator: Person,
  microgrid: number,
  { address, device }: Pick<Household, "address" | "device">,
  source: Source,
  capacityW: number,
  critical: boolean,
): Promise<void> {
  const consented = {
    microgrid,
    owner: address,
    meter: device.address,
    source: sourceIndex(source),
    capacityW,
  };
  const consent = await device.signTypedData({
    domain: metersDomain(chainId, addresses.meters),
    types: REGISTRATION_TYPES,
    primaryType: "Registration",
    message: consented,
  });
  await send(operator.address, (o) =>
    meters.connect(operator.signer).register({ ...consented, critical }, consent, o),
  );
}

/** The device signs its measurements. */
export async function signReading(
  { addresses, chainId }: Deployment,
  { device }: Pick<Household, "device">,
  exportedWh: EnergyBySlot,
) {
  const { firstBlock, words } = packReading(exportedWh);
  const reading = { meter: device.address, firstBlock, exported: [...words] };
  const signature = await device.signTypedData({
    domain: metersDomain(chainId, addresses.meters),
    types: READING_TYPES,
    primaryType: "Reading",
    message: reading,
  });
  return { reading, signature };
}

/** The device signs its measurements; the owner submits them, which mints the energy. */
export async function report(
  wattline: Deployment,
  who: Person & Pick<Household, "device">,
  exportedWh: EnergyBySlot,
) {
  const { meters, send } = wattline;
  const { reading, signature } = await signReading(wattline, who, exportedWh);
  return send(who.address, (o) => meters.connect(who.signer).report(reading, signature, o));
}

/** Mints `amount` of the play currency to `who`, who deposits it with a permit. */
export async function fund(wattline: Deployment, who: Person, amount: bigint): Promise<void> {
  const { chain, euro, marketplace, addresses, chainId, send } = wattline;
  await send(who.address, (o) => euro.connect(who.signer).mint(who.address, amount, o));
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
  await send(who.address, (o) =>
    marketplace
      .connect(who.signer)
      .depositWithPermit(addresses.euro, who.address, amount, deadline, 27 + yParity, r, s, o),
  );
}

/** Everyone who has an account with the marketplace. */
export const holdersOf = (communities: readonly Community[]): Address[] =>
  communities.flatMap(({ dso, households }) => [...households, dso].map(({ address }) => address));

import type { TownHome } from "@wattline/community/live";
import {
  CURRENCY_DECIMALS,
  type LocalAccount,
  localAccount,
  OPERATOR,
  type Simulation,
} from "@wattline/community/simulation";
import type { Deployment } from "@wattline/sdk";
import type { Address, Hex } from "viem";

/** The services of a network. */
export interface Services {
  readonly rpcUrl: string;
  readonly relayUrl: string;
  readonly indexerUrl: string;
  readonly auctioneerUrl: string;
}

/** One network of `/wattline.json`, the dApp's configuration. */
export interface NetworkConfig extends Services {
  readonly deployment: Deployment;
  readonly name: string;
  readonly currency: {
    readonly address: Address;
    readonly symbol: string;
    readonly decimals: number;
    readonly name: string;
    /** The microgrids that trade in it. */
    readonly microgrids: readonly number[];
  };
  readonly demo: {
    readonly accounts: readonly {
      readonly name: string;
      readonly role: string;
      readonly address: Address;
      readonly privateKey: Hex;
    }[];
  };
}

/** A simulation's network, with the public keys of its demo wallet. */
export async function configOf(
  simulation: Simulation,
  [jane, neighbour]: readonly [TownHome, TownHome],
  services: Services,
): Promise<NetworkConfig> {
  const { addresses, chainId, euro } = simulation.wattline;
  const { marketplace, microgrids, meters, energy, board } = addresses;
  return {
    deployment: { chainId, marketplace, microgrids, meters, energy, board, fromBlock: 0 },
    name: "Local chain",
    ...services,
    currency: {
      address: addresses.euro,
      symbol: await euro.symbol(),
      decimals: CURRENCY_DECIMALS,
      name: await euro.name(),
      microgrids: simulation.communities.map(({ microgrid }) => microgrid),
    },
    demo: {
      accounts: [
        { name: jane.name, role: "prosumer", ...keyOf(jane.account) },
        { name: neighbour.name, role: "neighbour", ...keyOf(neighbour.account) },
        { name: "Operator", role: "operator", ...keyOf(localAccount(OPERATOR)) },
      ],
    },
  };
}

const keyOf = ({ address, privateKey }: LocalAccount) => ({ address, privateKey });

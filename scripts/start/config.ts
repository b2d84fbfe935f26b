import {
  CURRENCY_DECIMALS,
  type Household,
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
      readonly privateKey: Hex;
    }[];
  };
}

/** Jane, who has a roof, and the first neighbour without one: the homes of the dApp's demo wallet. */
export function demoPeople({ communities }: Simulation): [Household, Household] {
  const households = communities[0]?.households ?? [];
  const jane = households.find(({ series }) => series.capacityW > 0);
  const neighbour = households.find(({ series }) => series.capacityW === 0);
  if (jane === undefined || neighbour === undefined) {
    throw new Error("A community needs a home with a roof and one without.");
  }
  return [jane, neighbour];
}

/** A simulation's network, with the public keys of its demo wallet. */
export async function configOf(simulation: Simulation, services: Services): Promise<NetworkConfig> {
  const { addresses, chainId, euro } = simulation.wattline;
  const { marketplace, microgrids, meters, energy, board } = addresses;
  const [jane, neighbour] = demoPeople(simulation);
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
        { name: jane.name, role: "prosumer", privateKey: jane.privateKey },
        { name: neighbour.name, role: "neighbour", privateKey: neighbour.privateKey },
        { name: "Operator", role: "operator", privateKey: localAccount(OPERATOR).privateKey },
      ],
    },
  };
}

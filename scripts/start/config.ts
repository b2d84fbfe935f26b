import {
  CURRENCY_DECIMALS,
  type Household,
  localAccount,
  OPERATOR,
  type Stage,
} from "@wattline/community/simulation";
import type { Deployment } from "@wattline/sdk";
import type { Address, Hex } from "viem";

/** Who tells about the chain. */
export interface Services {
  readonly rpcUrl: string;
  readonly relayUrl: string;
  readonly indexerUrl: string;
}

/** One network of `/wattline.json`, from which the dApp knows where everything is. */
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

/** Jane, who has a roof, and her nearest neighbour without one: the homes that people try the dApp with. */
export function demoPeople({ communities }: Stage): [Household, Household] {
  const households = communities[0]?.households ?? [];
  const jane = households.find(({ series }) => series.capacityW > 0);
  const neighbour = households.find(({ series }) => series.capacityW === 0);
  if (jane === undefined || neighbour === undefined) {
    throw new Error("A community needs a home with a roof and one without.");
  }
  return [jane, neighbour];
}

/** Where a stage is, and whose public keys its demo wallet has. */
export async function configOf(stage: Stage, services: Services): Promise<NetworkConfig> {
  const { addresses, chainId, euro } = stage.wattline;
  const { marketplace, meters, energy, board } = addresses;
  const [jane, neighbour] = demoPeople(stage);
  return {
    deployment: { chainId, marketplace, meters, energy, board, fromBlock: 0 },
    name: "Local chain",
    ...services,
    currency: {
      address: addresses.euro,
      symbol: await euro.symbol(),
      decimals: CURRENCY_DECIMALS,
      name: await euro.name(),
      microgrids: stage.communities.map(({ microgrid }) => microgrid),
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

import { type Abi, type Address, getAddress } from "viem";
import { boardAbi } from "./abi/board.ts";
import { energyTokenAbi } from "./abi/energyToken.ts";
import { marketplaceAbi } from "./abi/marketplace.ts";
import { metersAbi } from "./abi/meters.ts";
import { microgridsAbi } from "./abi/microgrids.ts";
import { CLEAR_SIGNING_ENUMS } from "./clearSigning/enums.ts";
import {
  CLEAR_SIGNING_SCHEMA,
  type ClearSigningFile,
  type Context,
  type Format,
  type Metadata,
} from "./clearSigning/file.ts";
import { MARKETPLACE_CALLS } from "./clearSigning/marketplaceCalls.ts";
import {
  CURRENCY_MESSAGES,
  MARKETPLACE_MESSAGES,
  METERS_MESSAGES,
} from "./clearSigning/messages.ts";
import { METERS_CALLS } from "./clearSigning/metersCalls.ts";
import { MICROGRIDS_CALLS } from "./clearSigning/microgridsCalls.ts";
import { callSignature } from "./clearSigning/signatures.ts";
import { BOARD_CALLS, CURRENCY_CALLS, ENERGY_CALLS } from "./clearSigning/tokenCalls.ts";
import type { Deployment } from "./deployment.ts";
import { marketDomain, metersDomain } from "./typedData.ts";

export { UNDESCRIBED_CALLS } from "./clearSigning/calls.ts";
export { CLEAR_SIGNING_ENUMS } from "./clearSigning/enums.ts";
export type { ClearSigningFile } from "./clearSigning/file.ts";

/** The ERC-20 token that a microgrid trades in. */
export interface ClearSigningCurrency {
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
  /**
   * The microgrids that trade in it, by default the first one alone. A microgrid's currency never changes; orders of
   * other microgrids are left to the wallet's raw display.
   */
  readonly microgrids?: readonly number[];
}

type Formats = Readonly<Record<string, Format>>;

/**
 * Wattline's calls and messages as ERC-7730 v2 files by name: what wallets show to a person who signs. See
 * `docs/CLEAR_SIGNING.md` for what the format can't express.
 */
export function clearSigningFiles(
  deployment: Deployment,
  currency: ClearSigningCurrency,
): Map<string, ClearSigningFile> {
  const place = (address: Address) => [
    { chainId: deployment.chainId, address: getAddress(address) },
  ];
  const calls = (name: string, address: Address, formats: Formats) =>
    file(
      { $id: name, contract: { deployments: place(address) } },
      { owner: "Wattline", contractName: name },
      formats,
    );
  const messages = (domain: typeof marketDomain, address: Address, formats: Formats) => {
    const { name, version } = domain(deployment.chainId, address);
    return file(
      { $id: name, eip712: { domain: { name, version }, deployments: place(address) } },
      { owner: "Wattline", contractName: name },
      formats,
    );
  };
  const token = { name: currency.symbol, ticker: currency.symbol, decimals: currency.decimals };
  const money = { owner: currency.symbol, contractName: currency.symbol, token };

  function file(context: Context, metadata: Metadata, formats: Formats): ClearSigningFile {
    return {
      $schema: CLEAR_SIGNING_SCHEMA,
      context,
      metadata: { ...metadata, ...constantsOf(formats, currency) },
      display: { formats },
    };
  }

  return new Map([
    [
      "calldata-marketplace.json",
      calls("Wattline", deployment.marketplace, keyed(marketplaceAbi, MARKETPLACE_CALLS)),
    ],
    [
      "eip712-marketplace.json",
      messages(marketDomain, deployment.marketplace, MARKETPLACE_MESSAGES),
    ],
    [
      "calldata-meters.json",
      calls("Wattline Meters", deployment.meters, keyed(metersAbi, METERS_CALLS)),
    ],
    [
      "calldata-microgrids.json",
      calls("Wattline Microgrids", deployment.microgrids, keyed(microgridsAbi, MICROGRIDS_CALLS)),
    ],
    ["eip712-meters.json", messages(metersDomain, deployment.meters, METERS_MESSAGES)],
    [
      "calldata-energy.json",
      calls("Wattline Energy", deployment.energy, keyed(energyTokenAbi, ENERGY_CALLS)),
    ],
    [
      "calldata-board.json",
      calls("Wattline Board", deployment.board, keyed(boardAbi, BOARD_CALLS)),
    ],
    [
      "calldata-currency.json",
      file(
        { $id: currency.symbol, contract: { deployments: place(currency.address) } },
        money,
        CURRENCY_CALLS,
      ),
    ],
    [
      "eip712-currency.json",
      file(
        { $id: currency.symbol, eip712: { deployments: place(currency.address) } },
        money,
        CURRENCY_MESSAGES,
      ),
    ],
  ]);
}

const keyed = (abi: Abi, formats: Formats): Formats =>
  Object.fromEntries(
    Object.entries(formats).map(([name, format]) => [callSignature(abi, name), format]),
  );

/** The constants that the formats refer to, and no others. */
function constantsOf(
  formats: Formats,
  { address, microgrids = [1] }: ClearSigningCurrency,
): Pick<Metadata, "enums" | "maps"> {
  const fields = Object.values(formats)
    .flatMap((format) => format.fields)
    .flatMap((field) => ("fields" in field ? field.fields : [field]));
  const enums = new Set<string>();
  let usesMap = false;
  for (const field of fields) {
    if (field.format === "enum") enums.add(field.params.$ref);
    if (field.format === "tokenAmount" && field.params.token) usesMap = true;
  }
  const used = Object.entries(CLEAR_SIGNING_ENUMS).filter(([name]) =>
    enums.has(`$.metadata.enums.${name}`),
  );
  const values = Object.fromEntries(microgrids.map((number) => [number, getAddress(address)]));
  return {
    ...(used.length > 0 && { enums: Object.fromEntries(used) }),
    ...(usesMap && { maps: { currency: { $keyType: "Number of the microgrid", values } } }),
  };
}

import type { Address } from "viem";

/** The part of ERC-7730 v2 that Wattline's descriptions use. */

export const CLEAR_SIGNING_SCHEMA =
  "https://eips.ethereum.org/assets/eip-7730/erc7730-v2.schema.json";

/** The address of a described contract. */
export interface DeployedAt {
  readonly chainId: number;
  readonly address: Address;
}

/** The file's constant that maps a microgrid's number to its currency. */
export interface CurrencyOfMicrogrid {
  readonly map: "$.metadata.maps.currency";
  readonly keyPath: string;
}

/** The format of a value. */
export type ValueFormat =
  | { readonly format: "raw" | "addressName" | "tokenTicker" | "duration" }
  | { readonly format: "date"; readonly params: { readonly encoding: "timestamp" } }
  | {
      readonly format: "unit";
      readonly params: { readonly base: string; readonly decimals: number };
    }
  | { readonly format: "enum"; readonly params: { readonly $ref: `$.metadata.enums.${string}` } }
  | {
      readonly format: "tokenAmount";
      readonly params: {
        readonly token?: CurrencyOfMicrogrid;
        readonly tokenPath?: string;
        readonly threshold?: string;
        readonly message?: string;
      };
    }
  | { readonly format: "calldata"; readonly params: { readonly calleePath: string } };

/** When a value is shown; always by default. */
export type Visibility =
  | "always"
  | "optional"
  | "never"
  | { readonly ifNotIn: readonly (string | number)[] };

/** One value of what is signed, and how it is shown. */
export type Field = ValueFormat & {
  readonly path: string;
  readonly label: string;
  readonly visible?: Visibility;
  /** What is shown before each element of an array. */
  readonly separator?: string;
};

/** Arrays of the same length, shown element by element. */
export interface FieldGroup {
  readonly label: string;
  readonly iteration: "bundled";
  readonly fields: readonly Field[];
}

/**
 * How one call or message is shown: as a sentence, or field by field. A wallet may show the sentence alone, so there is
 * one only where it includes everything that binds the signer.
 */
export interface Format {
  readonly intent: string;
  readonly interpolatedIntent?: string;
  readonly fields: readonly (Field | FieldGroup)[];
}

export type Context =
  | {
      readonly $id: string;
      readonly contract: { readonly deployments: readonly DeployedAt[] };
    }
  | {
      readonly $id: string;
      readonly eip712: {
        readonly domain?: { readonly name: string; readonly version: string };
        readonly deployments: readonly DeployedAt[];
      };
    };

export interface Metadata {
  readonly owner: string;
  readonly contractName: string;
  readonly token?: { readonly name: string; readonly ticker: string; readonly decimals: number };
  readonly enums?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly maps?: {
    readonly currency: {
      readonly $keyType: string;
      readonly values: Readonly<Record<string, Address>>;
    };
  };
}

/** An ERC-7730 file: what wallets need to show calls of one contract, or messages for it, in words. */
export interface ClearSigningFile {
  readonly $schema: typeof CLEAR_SIGNING_SCHEMA;
  readonly context: Context;
  readonly metadata: Metadata;
  readonly display: { readonly formats: Readonly<Record<string, Format>> };
}

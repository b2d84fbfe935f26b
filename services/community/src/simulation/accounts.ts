import { type Address, type Hex, keccak256, toHex } from "viem";
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

/** The mnemonic of every local development chain. It is public: never use it elsewhere. */
const LOCAL_MNEMONIC = "test test test test test test test test test test test junk";

/** The parent of all accounts' keys: coming to it takes longer than all the rest. */
const addresses = mnemonicToAccount(LOCAL_MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();

/** The roles of the local chain's accounts; households follow in order. */
export const OPERATOR = 0;
export const DSO = 1;
export const FIRST_HOUSEHOLD = 2;

/** Where the accounts of communities begin: operator, DSO and homes in their order; and the first account that is free. */
export function accountsOf(homes: readonly number[]): {
  readonly firsts: readonly number[];
  readonly free: number;
} {
  const firsts: number[] = [];
  let free = OPERATOR;
  for (const count of homes) {
    firsts.push(free);
    free += FIRST_HOUSEHOLD + count;
  }
  return { firsts, free };
}

/** An account of the local chain with its key, for printing and for signing. */
export interface LocalAccount {
  readonly address: Address;
  readonly privateKey: Hex;
  readonly account: PrivateKeyAccount;
}

/** The `index`-th account of a local chain. */
export function localAccount(index: number): LocalAccount {
  const key = addresses.deriveChild(index).privateKey;
  if (key === null) throw new Error(`The local mnemonic has no key ${index}.`);
  const privateKey = toHex(key);
  const account = privateKeyToAccount(privateKey);
  return { address: account.address, privateKey, account };
}

/** The key with which a household's agent signs orders. */
export const delegateKey = (community: string, household: string): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(toHex(`wattline agent of ${household} in ${community}`)));

/** The key in a household's simulated meter: the same for the same names, so that runs can be repeated. */
export const deviceKey = (community: string, household: string): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(toHex(`wattline meter of ${household} in ${community}`)));

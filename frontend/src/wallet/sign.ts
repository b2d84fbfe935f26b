import type { Address, Hex, TypedDataDefinition } from "viem";
import type { Config, Connector } from "wagmi";
import { signTypedData } from "wagmi/actions";
import { canonicalOfTypedData } from "./signature.ts";

/** An account of a connected wallet. */
interface Signer {
  readonly account: Address;
  readonly connector: Connector;
}

/** Asks a wallet for a signature of typed data, and gives it back in the form that contracts and relays take. */
export async function sign(
  config: Config,
  data: TypedDataDefinition,
  { account, connector }: Signer,
): Promise<Hex> {
  const signature = await signTypedData(config, { ...data, account, connector });
  return canonicalOfTypedData(signature, data, account);
}

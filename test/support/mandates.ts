import type { Address, Hex } from "viem";
import type { Person, World } from "./world.ts";

const ends = [
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint40" },
] as const;

/** What holders sign, see the interface IMandates. */
export const MANDATE_TYPES = {
  Withdrawal: [
    { name: "holder", type: "address" },
    { name: "currency", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "to", type: "address" },
    ...ends,
  ],
  Locking: [
    { name: "holder", type: "address" },
    { name: "currency", type: "address" },
    { name: "settler", type: "address" },
    { name: "signer", type: "address" },
    { name: "until", type: "uint40" },
    ...ends,
  ],
  Authorization: [
    { name: "maker", type: "address" },
    { name: "currency", type: "address" },
    { name: "delegate", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "until", type: "uint40" },
    ...ends,
  ],
  Cancellation: [{ name: "maker", type: "address" }, { name: "nonces", type: "uint64[]" }, ...ends],
  CancellationOfAll: [
    { name: "maker", type: "address" },
    { name: "currency", type: "address" },
    ...ends,
  ],
} as const;

/** A holder's signature of one of them. */
export const signMandate = (
  world: World,
  { key }: Pick<Person, "key">,
  primaryType: keyof typeof MANDATE_TYPES,
  message: Readonly<Record<string, unknown>>,
): Promise<Hex> =>
  key.signTypedData({
    domain: world.domain,
    types: MANDATE_TYPES,
    primaryType,
    message,
  } as Parameters<typeof key.signTypedData>[0]);

/** An ERC-3009 authorization, as a wallet signs it for the escrow. */
export async function authorizationFor(
  world: World,
  holder: Person,
  currency: { address: Address; name: string },
  over: Readonly<Record<string, unknown>> = {},
) {
  const message = {
    from: holder.address,
    to: world.addresses.market,
    value: 1_000n,
    validAfter: 0n,
    validBefore: 2n ** 40n,
    nonce: `0x${"07".repeat(32)}` as Hex,
    ...over,
  };
  const signature = await holder.key.signTypedData({
    domain: {
      name: currency.name,
      version: "1",
      chainId: world.chainId,
      verifyingContract: currency.address,
    },
    types: {
      ReceiveWithAuthorization: [
        { name: "from", type: "address" },
        { name: "to", type: "address" },
        { name: "value", type: "uint256" },
        { name: "validAfter", type: "uint256" },
        { name: "validBefore", type: "uint256" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "ReceiveWithAuthorization",
    message,
  });
  return { ...message, signature };
}

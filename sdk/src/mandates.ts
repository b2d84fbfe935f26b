import { type Abi, type Address, encodeFunctionData, type Hex } from "viem";
import { marketplaceAbi } from "./abi/marketplace.ts";
import { type DecodedCall, decodeCalls, type UndecodedCall } from "./history/calls.ts";
import type { Contracts } from "./history/events.ts";
import { MANDATE_TYPES } from "./typedData.ts";

/** What kind of act a holder signs. */
export type MandateType = keyof typeof MANDATE_TYPES;

/** What a holder may sign for anyone to submit: the EIP-712 message, but for nonce and deadline. */
export interface UnsignedMandate {
  readonly type: MandateType;
  readonly holder: Address;
  readonly message: Readonly<Record<string, unknown>>;
}

/** What a holder has signed. The message has the deadline; it lacks the nonce, which is the one that the holder has by then. */
export interface Mandate extends UnsignedMandate {
  readonly signature: Hex;
}

/** The function that submits a mandate, by its type. */
const FUNCTIONS = {
  Withdrawal: "withdrawFor",
  Locking: "lockFor",
  Authorization: "authorizeFor",
  Cancellation: "cancelFor",
  CancellationOfAll: "cancelAllFor",
} as const satisfies Record<MandateType, string>;

/** The mandate that does what a call by the holder would; undefined when nobody can make it for the holder. */
export function mandateOf(
  holder: Address,
  call: DecodedCall | UndecodedCall,
): UnsignedMandate | undefined {
  switch (call.functionName) {
    case "withdraw": {
      const [currency, amount, to] = call.args;
      return { type: "Withdrawal", holder, message: { holder, currency, amount, to } };
    }
    case "lock": {
      const [currency, settler, signer, until] = call.args;
      return { type: "Locking", holder, message: { holder, currency, settler, signer, until } };
    }
    case "authorize": {
      const [currency, delegate, amount, until] = call.args;
      const message = { maker: holder, currency, delegate, amount, until };
      return { type: "Authorization", holder, message };
    }
    case "cancel": {
      const [nonces] = call.args;
      return { type: "Cancellation", holder, message: { maker: holder, nonces } };
    }
    case "cancelAll": {
      const [currency] = call.args;
      return { type: "CancellationOfAll", holder, message: { maker: holder, currency } };
    }
    default:
      return undefined;
  }
}

/** What the holder of a mandate signs, but for its domain. */
export function mandateTypedData(
  { type, message }: UnsignedMandate,
  { nonce, deadline }: { readonly nonce: bigint; readonly deadline: number },
) {
  const types: Partial<typeof MANDATE_TYPES> = { [type]: MANDATE_TYPES[type] };
  return {
    types,
    primaryType: type,
    message: { ...message, nonce, deadline },
  };
}

/** The calldata that submits a mandate. */
export function mandateData({ type, message, signature }: Mandate): Hex {
  // The function takes the members of the type in their order.
  const said = MANDATE_TYPES[type].flatMap(({ name }) => (name === "nonce" ? [] : [message[name]]));
  return encodeFunctionData({
    abi: ABI,
    functionName: FUNCTIONS[type],
    args: [...said, signature],
  });
}

/** What was signed for a call that submits it. */
export function mandatesIn(call: DecodedCall | UndecodedCall): Mandate[] {
  switch (call.functionName) {
    case "withdrawFor": {
      const [holder, currency, amount, to, deadline, signature] = call.args;
      const message = { holder, currency, amount, to, deadline };
      return [{ type: "Withdrawal", holder, message, signature }];
    }
    case "lockFor": {
      const [holder, currency, settler, signer, until, deadline, signature] = call.args;
      const message = { holder, currency, settler, signer, until, deadline };
      return [{ type: "Locking", holder, message, signature }];
    }
    case "authorizeFor": {
      const [maker, currency, delegate, amount, until, deadline, signature] = call.args;
      const message = { maker, currency, delegate, amount, until, deadline };
      return [{ type: "Authorization", holder: maker, message, signature }];
    }
    case "cancelFor": {
      const [maker, nonces, deadline, signature] = call.args;
      return [
        { type: "Cancellation", holder: maker, message: { maker, nonces, deadline }, signature },
      ];
    }
    case "cancelAllFor": {
      const [maker, currency, deadline, signature] = call.args;
      const message = { maker, currency, deadline };
      return [{ type: "CancellationOfAll", holder: maker, message, signature }];
    }
    default:
      return [];
  }
}

/** A call that anyone may make for a holder, who has signed it. */
export interface SignedCall {
  readonly holder: Address;
  /** The currency whose contract it calls; undefined when it calls none. */
  readonly currency: Address | undefined;
}

/**
 * Reads a call of the marketplace that a holder has signed: a mandate, or a deposit by authorization (ERC-3009) or permit
 * (ERC-2612). Whether the signature is good only the chain says. Undefined for any other calldata, and for more bytes than the
 * call needs.
 */
export function signedCallIn(contracts: Contracts, data: Hex): SignedCall | undefined {
  const [call] = decodeCalls(contracts, { to: contracts.marketplace, input: data });
  if (call?.functionName === undefined || !isCanonical(call, data)) return undefined;
  switch (call.functionName) {
    case "depositWithAuthorization":
    case "depositWithPermit": {
      const [currency, holder] = call.args;
      return { holder, currency };
    }
  }
  const [mandate] = mandatesIn(call);
  if (mandate === undefined) return undefined;
  return {
    holder: mandate.holder,
    currency: call.functionName === "withdrawFor" ? call.args[1] : undefined,
  };
}

const isCanonical = ({ functionName, args }: DecodedCall, data: Hex): boolean =>
  ABI.some((item) => item.type === "function" && item.name === functionName) &&
  encodeFunctionData({ abi: ABI, functionName, args: args ?? [] }) === data.toLowerCase();

/** Arguments are put together at run time. */
const ABI: Abi = marketplaceAbi;

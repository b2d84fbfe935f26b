import { encodeFunctionData, type Hex, parseAbi } from "viem";

/** How a contract wallet is asked whether it accepts a signature (ERC-1271), as the marketplace asks it. */

/** The gas that the marketplace gives a wallet, 400,000, plus what the call itself costs. */
export const WALLET_GAS = 460_000n;

const walletAbi = parseAbi([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);

/** The selector of `isValidSignature` in a whole word, which is what the marketplace compares with. */
const ACCEPTED = "0x1626ba7e".padEnd(66, "0");

/** The calldata that asks a wallet. */
export const walletQuestion = (digest: Hex, signature: Hex): Hex =>
  encodeFunctionData({
    abi: walletAbi,
    functionName: "isValidSignature",
    args: [digest, signature],
  });

/** Whether an answer to {@link walletQuestion} accepts; an account without code answers nothing. */
export const isAcceptance = (answer: Hex | undefined): boolean =>
  answer?.toLowerCase().startsWith(ACCEPTED) ?? false;

import { expect } from "chai";
import {
  BaseError,
  HttpRequestError,
  InternalRpcError,
  ProviderRpcError,
  RpcRequestError,
  TransactionExecutionError,
  UserRejectedRequestError,
} from "viem";
import { failureIn, isBundleRefusal, isRejection, refusalIn } from "./answers.ts";

/** As wallets throw: an object with a code and words, perhaps with another one inside. */
const thrown = (code: number | string | undefined, message: string, data?: unknown) =>
  Object.assign(new Error(message), { code, data });

/** As it arrives after viem has wrapped it. */
const wrapped = (error: Error) =>
  new TransactionExecutionError(new InternalRpcError(error), { account: null, chain: undefined });

const DECLINED = [
  thrown(4001, "User rejected the request."),
  thrown(5000, "User disapproved requested methods"),
  thrown("ACTION_REJECTED", "user rejected action"),
  thrown(-32_000, "User rejected the transaction"),
  thrown(-32_000, "Request rejected by the user"),
  thrown(-32_603, "Internal error", { code: 4001, message: "denied" }),
  thrown(-32_603, "An internal error was received.", { originalError: { code: 4001 } }),
  thrown(-32_603, "MetaMask Tx Signature: User denied transaction signature."),
  thrown(undefined, "Cancelled by user"),
  thrown(undefined, "Transaction was cancelled"),
  thrown(undefined, "The user has declined the request"),
  thrown(undefined, "Ledger device: Condition of use not satisfied (denied by the user?) (0x6985)"),
  thrown(-32_603, "Internal JSON-RPC error.", { cause: { message: "User canceled" } }),
  new UserRejectedRequestError(new Error("x")),
];

const FAILED: readonly (readonly [Error, ReturnType<typeof failureIn>["failure"]])[] = [
  [thrown(-32_000, "nonce too low: next nonce 5, tx nonce 3"), "nonce"],
  [
    thrown(-32_603, "Internal JSON-RPC error.", {
      code: -32_000,
      message: "Nonce too high. Expected nonce to be 2 but got 9.",
    }),
    "nonce",
  ],
  [thrown(-32_603, "[ethjs-query] transaction was rejected: nonce too low"), "nonce"],
  [thrown(-32_000, "insufficient funds for gas * price + value"), "noFunds"],
  [thrown(undefined, "Ledger device: Invalid data received (0x6a80)"), "blindSigning"],
  [
    thrown(-32_603, "Please enable Blind signing or Contract data in the Ethereum app Settings"),
    "blindSigning",
  ],
  [thrown(undefined, "Ledger device: Locked device (0x5515)"), "deviceLocked"],
  [thrown(undefined, "Ledger device: UNKNOWN_ERROR (0x6511)"), "deviceApp"],
  [thrown(-32_002, "Request of type 'wallet_requestPermissions' already pending"), "busy"],
  [thrown(4100, "The requested account has not been authorized"), "unauthorized"],
  [thrown(4900, "The provider is disconnected from all chains"), "disconnected"],
  [thrown(-32_603, 'Provided chainId "31337" must match the active chainId "1"'), "wrongNetwork"],
  [new HttpRequestError({ url: "http://127.0.0.1:1" }), "offline"],
  [new TypeError("Failed to fetch"), "offline"],
  [thrown(-32_603, "Something new"), "unknown"],
];

describe("What wallets and nodes answer", () => {
  it("is a no of the person, by whatever code and in whatever place", () => {
    for (const error of DECLINED) {
      expect(isRejection(error), error.message).to.equal(true);
      expect(isRejection(wrapped(error)), `wrapped: ${error.message}`).to.equal(true);
    }
  });

  it("is no no of the person when a node or a device has failed", () => {
    for (const [error, failure] of FAILED) {
      expect(isRejection(error), error.message).to.equal(false);
      expect(failureIn(error).failure, error.message).to.equal(failure);
      expect(failureIn(wrapped(error)).failure, `wrapped: ${error.message}`).to.equal(failure);
    }
  });

  it("is kept word by word for those who want to read it", () => {
    const { raw } = failureIn(wrapped(thrown(-32_603, "Strange words of a wallet.")));
    expect(raw).to.include("Strange words of a wallet.").and.include("-32603");
  });

  it("says when calls can't be made as one, which is not the person's no to the deed", () => {
    for (const error of [
      thrown(5750, "User rejected the upgrade"),
      thrown(5760, "Atomicity is not supported"),
      thrown(4200, "Unsupported method"),
      thrown(-32_603, "Internal error"),
    ]) {
      expect(isBundleRefusal(error), error.message).to.equal(true);
      expect(isBundleRefusal(wrapped(error)), error.message).to.equal(true);
    }
    for (const error of DECLINED) expect(isBundleRefusal(error), error.message).to.equal(false);
    expect(isBundleRefusal(thrown(-32_000, "insufficient funds"))).to.equal(false);
  });

  it("holds a contract's refusal, wherever it is put", () => {
    expect(refusalIn(new BaseError("x", { cause: new Error("nothing") }))).to.equal(undefined);
    expect(refusalIn(thrown(3, "execution reverted", "0x"))).to.equal(undefined);
    const panic = `0x4e487b71${"11".padStart(64, "0")}` as const;
    for (const error of [
      thrown(3, "execution reverted", panic),
      thrown(-32_603, "Internal error", { data: panic }),
      thrown(-32_603, "Internal error", { originalError: { data: panic } }),
      thrown(-32_000, `VM Exception: reverted with ${panic}`),
      new RpcRequestError({
        body: {},
        url: "http://x",
        error: { code: 3, message: "reverted", data: panic },
      }),
      new ProviderRpcError(thrown(3, "reverted", panic), { code: 3, shortMessage: "reverted" }),
    ]) {
      expect(refusalIn(error)?.name, error.message).to.equal("Panic");
    }
  });
});

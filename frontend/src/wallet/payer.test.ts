import { expect } from "chai";
import { createClient, custom } from "viem";
import { payerOf } from "./payer.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000a1";
const [AUCTIONEER, PAYMASTER] = ["https://auctioneer.example", "https://paymaster.example"];

/** Who pays for an account on a node that answers so. */
function payer({
  balance = "0x0",
  code = "0x",
  paymasterUrl,
}: {
  readonly balance?: string;
  readonly code?: string;
  readonly paymasterUrl?: string;
} = {}) {
  const answers = { eth_getBalance: balance, eth_gasPrice: "0x1", eth_getCode: code };
  const request = async ({ method }: { readonly method: keyof typeof answers }) => answers[method];
  const client = createClient({ transport: custom({ request }) });
  return payerOf(client, { auctioneerUrl: AUCTIONEER }, ACCOUNT, { paymasterUrl });
}

describe("Who pays for what an account does", () => {
  it("is the community where the account has no ether and signs by a key", async () => {
    expect(await payer()).to.equal("community");
    expect(await payer({ code: `0xef0100${ACCOUNT.slice(2)}` })).to.equal("community");
    expect(await payer({ code: "0x60" })).to.equal("self");
    expect(await payer({ balance: "0xfffffff" })).to.equal("self");
  });

  it("is left to the wallet where it has a paymaster", async () => {
    expect(await payer({ paymasterUrl: PAYMASTER })).to.equal("self");
  });
});

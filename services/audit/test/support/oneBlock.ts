import type { Chain } from "@wattline/community/simulation";
import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { zeroAddress } from "viem";

type Wallet = Awaited<ReturnType<Chain["wallet"]>>;

/** The higher the tip, the earlier in the block. */
const tipping = (gwei: bigint) => ({
  gasLimit: 2_000_000n,
  maxFeePerGas: 10n ** 11n,
  maxPriorityFeePerGas: gwei * 10n ** 9n,
});

/**
 * Lets an account with a key run a wallet's code for one block only (EIP-7702), in which something is sent.
 * @param honoured The key whose signatures the code accepts.
 * @param helper Sends what gives the account its code and takes it away.
 * @param send Sends a transaction with these fees.
 * @returns That transaction's hash.
 */
export async function inOneBlock(
  chain: Chain,
  passing: Wallet,
  honoured: string,
  helper: Wallet,
  send: (fees: ReturnType<typeof tipping>) => Promise<ContractTransactionResponse>,
): Promise<string> {
  const { provider } = chain.ethers;
  const code = await (await chain.ethers.deployContract("ContractWallet")).waitForDeployment();
  const nonce = await provider.getTransactionCount(passing.address);
  const runs = async (address: string, after: number) => ({
    type: 4,
    authorizationList: [await passing.signer.authorize({ address, nonce: nonce + after })],
  });
  const request = (method: string, ...params: readonly unknown[]) =>
    chain.connection.provider.request({ method, params: [...params] });
  await request("evm_setAutomine", false);
  try {
    const first = await helper.signer.sendTransaction({
      to: passing.address,
      data: code.interface.encodeFunctionData("setUp", [honoured, 0]),
      ...(await runs(await code.getAddress(), 0)),
      ...tipping(3n),
    });
    const between = await send(tipping(2n));
    const last = await helper.signer.sendTransaction({
      to: helper.address,
      ...(await runs(zeroAddress, 1)),
      ...tipping(1n),
    });
    await request("evm_mine");
    for (const { hash } of [first, between, last]) {
      expect((await provider.getTransactionReceipt(hash))?.status).to.equal(1);
    }
    expect(await provider.getCode(passing.address)).to.equal("0x");
    return between.hash;
  } finally {
    await request("evm_setAutomine", true);
  }
}

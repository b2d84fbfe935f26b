import { expect } from "chai";
import { network } from "hardhat";
import { describe, it } from "mocha";
import { custom } from "viem";
import { deployContract, deployWattline } from "../../ignition/deployLocally.ts";
import Wattline from "../../ignition/modules/Wattline.ts";

describe("Wattline deployed for tests, benchmarks and simulations", () => {
  it("is what the Ignition module deploys: the same code at the same addresses", async () => {
    const byModule = await network.create();
    const byHand = await network.create();
    try {
      const { marketplace, microgrids, meters, energy, board } =
        await byModule.ignition.deploy(Wattline);
      const { chainId, fromBlock, ...addresses } = await deployWattline(custom(byHand.provider));
      expect({ chainId, fromBlock }).to.deep.equal({ chainId: 31_337, fromBlock: 0 });
      expect(addresses).to.deep.equal({
        marketplace: await marketplace.getAddress(),
        microgrids: await microgrids.getAddress(),
        meters: await meters.getAddress(),
        energy: await energy.getAddress(),
        board: await board.getAddress(),
      });
      const blocks = await byModule.ethers.provider.getBlockNumber();
      expect(await byHand.ethers.provider.getBlockNumber()).to.equal(blocks);
      for (let number = 1; number <= blocks; number++) {
        const [expected, made] = await Promise.all([
          createdIn(byModule.ethers.provider, number),
          createdIn(byHand.ethers.provider, number),
        ]);
        expect(made).to.deep.equal(expected);
      }
    } finally {
      await Promise.all([byModule.close(), byHand.close()]);
    }
  });

  it("has play money and demo accounts on local chains only", async () => {
    const { ethers, close } = await network.create({ override: { chainId: 8_453 } });
    try {
      await expect(ethers.deployContract("TestEuro"))
        .to.be.revertedWithCustomError(
          await ethers.getContractFactory("TestEuro"),
          "TestEuro_NotLocal",
        )
        .withArgs(8_453);
    } finally {
      await close();
    }
  });

  it("names the contract that can't be deployed, and why", async () => {
    const { provider, close } = await network.create();
    try {
      expect(await messageOf(deployContract(custom(provider), "market/Nothing"))).to.equal(
        "The artifact of market/Nothing is missing: run npm run build.",
      );
      expect(
        await messageOf(deployContract(custom(provider), "deployment/EnergyTokenFactory")),
      ).to.equal("deployment/EnergyTokenFactory links a library, and none was named.");
    } finally {
      await close();
    }
  });
});

type Chain = Awaited<ReturnType<typeof network.create>>["ethers"]["provider"];

/** What the first transaction of a block has created, and its code. */
async function createdIn(chain: Chain, number: number): Promise<{ address: string; code: string }> {
  const hash = (await chain.getBlock(number))?.transactions[0];
  const receipt = hash === undefined ? null : await chain.getTransactionReceipt(hash);
  if (!receipt?.contractAddress) throw new Error(`Block ${number} has created no contract.`);
  const address = receipt.contractAddress;
  return { address, code: await chain.getCode(address) };
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "It did not fail.",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

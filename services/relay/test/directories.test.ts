import {
  DIRECTORY_TYPES,
  hashListing,
  LISTING_TYPES,
  type Listing,
  MOST_LISTINGS,
  microgridsAbi,
  type SignedDirectory,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { encodeFunctionData, http, parseAbi, zeroHash } from "viem";
import { deployContract } from "../../../ignition/deployLocally.ts";
import { RelayError } from "../src/client.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { freshFolder, openRelay, type TestRelay } from "./support/relays.ts";
import { createWorld, localAccount, privateKeyOf, type World } from "./support/world.ts";

const [OPERATOR, JANE, HANNA] = [localAccount(0), localAccount(2), localAccount(3)];

describe("The relay's directories of names", function () {
  this.timeout(180_000);
  let node: LocalNode;
  let world: World;
  let folder: string;
  let relay: TestRelay;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    folder = await freshFolder(world);
    relay = await openRelay(world, { storage: { folder } });
  });
  after(async () => {
    await relay?.stop();
    await node?.stop();
  });

  async function listed(who: typeof JANE, name: string, street = ""): Promise<Listing> {
    const listing = { account: who.address, name, street };
    const consent = await who.signTypedData({
      domain: world.domain,
      types: LISTING_TYPES,
      primaryType: "Listing",
      message: { microgrid: 1, ...listing },
    });
    return { ...listing, consent };
  }

  async function signed(
    version: number,
    listings: readonly Listing[],
    by = OPERATOR,
    microgrid = 1,
  ): Promise<SignedDirectory> {
    const directory = { microgrid, version, listings };
    const signature = await by.signTypedData({
      domain: world.domain,
      types: DIRECTORY_TYPES,
      primaryType: "Directory",
      message: { ...directory, listings: [...listings] },
    });
    return { directory, signature };
  }

  /** Why the relay refuses a directory. */
  async function refusalOf(directory: SignedDirectory): Promise<RelayError> {
    try {
      await relay.client.publishDirectory(directory);
    } catch (error) {
      if (error instanceof RelayError) return error;
      throw error;
    }
    throw new Error("The relay has taken the directory.");
  }

  it("has none before one is published", async () => {
    expect(await relay.client.directory(1)).to.equal(undefined);
  });

  it("gives out what the operator has signed, and knows it again", async () => {
    const first = await signed(3, [
      await listed(JANE, "Jane", "Lane 3"),
      await listed(HANNA, "H."),
    ]);
    await relay.client.publishDirectory(first);
    await relay.client.publishDirectory(first);
    expect(await relay.client.directory(1)).to.deep.equal(first);
  });

  it("keeps it when it is started anew", async () => {
    const known = await relay.client.directory(1);
    await relay.stop();
    relay = await openRelay(world, { storage: { folder } });
    expect(await relay.client.directory(1)).to.deep.equal(known);
  });

  it("takes a later version only", async () => {
    for (const version of [2, 3]) {
      const { status, problem } = await refusalOf(await signed(version, []));
      expect([status, problem.code]).to.deep.equal([409, "Relay_OldDirectory"]);
      expect(problem.message).to.include("version 3");
    }
    const later = await signed(4, [await listed(JANE, "Jane")]);
    await relay.client.publishDirectory(later);
    expect(await relay.client.directory(1)).to.deep.equal(later);
  });

  it("refuses what the operator has not signed, and whom nobody asked", async () => {
    const jane = await listed(JANE, "Jane");
    const wrong: [SignedDirectory, string][] = [
      [await signed(9, [jane], JANE), "signature"],
      [{ ...(await signed(9, [jane])), signature: zeroHash }, "signature"],
      [await signed(9, [{ ...jane, name: "Janet" }]), "directory.listings.0.consent"],
      [await signed(9, [{ ...jane, name: " Jane" }]), "directory.listings.0.name"],
    ];
    for (const [directory, path] of wrong) {
      const { status, problem } = await refusalOf(directory);
      expect([status, problem.path]).to.deep.equal([400, path]);
    }
    const { status } = await refusalOf(await signed(9, [jane], OPERATOR, 7));
    expect(status).to.equal(404);
    expect((await relay.client.directory(1))?.directory.version).to.equal(4);
  });

  it("is of bounded size", async () => {
    const jane = await listed(JANE, "Jane");
    const many = Array.from({ length: MOST_LISTINGS + 1 }, () => jane);
    const { status, problem } = await refusalOf(await signed(9, many));
    expect([status, problem.path]).to.deep.equal([400, "directory.listings"]);
  });

  it("takes the signatures of contract wallets", async () => {
    const account = await deployContract(http(node.rpcUrl), "test/ContractWallet");
    const listing = { account, name: "The shelter", street: "" };
    const consent = await privateKeyOf(HANNA).sign({ hash: hashListing(world.domain, 1, listing) });
    const directory = await signed(5, [{ ...listing, consent }]);
    expect((await refusalOf(directory)).problem.path).to.equal("directory.listings.0.consent");
    const abi = parseAbi(["function setUp(address signer, uint8 answer)"]);
    const data = encodeFunctionData({ abi, functionName: "setUp", args: [HANNA.address, 0] });
    await world.send(OPERATOR, account, data);
    await relay.caughtUp();
    await relay.client.publishDirectory(directory);
    expect((await relay.client.directory(1))?.directory.version).to.equal(5);
  });

  it("goes with the operator's role", async () => {
    await world.operate("handOver", [1, HANNA.address]);
    const data = encodeFunctionData({
      abi: microgridsAbi,
      functionName: "acceptHandOver",
      args: [1],
    });
    await world.send(HANNA, world.deployment.microgrids, data);
    await relay.caughtUp();
    const jane = await listed(JANE, "Jane");
    expect((await refusalOf(await signed(6, [jane]))).problem.path).to.equal("signature");
    await relay.client.publishDirectory(await signed(6, [jane], HANNA));
  });
});

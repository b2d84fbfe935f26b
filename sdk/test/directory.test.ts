import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, type Hex, keccak256, recoverAddress, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  DIRECTORY_TYPES,
  type DirectoryFacts,
  directoryFaults,
  hashDirectory,
  hashListing,
  judgeDirectory,
  LISTING_TYPES,
  type Listing,
  MOST_LISTINGS,
  type SignedDirectory,
} from "../src/directory.ts";
import { marketDomain } from "../src/typedData.ts";

const account = (name: string) => privateKeyToAccount(keccak256(toHex(name)));
const [OPERATOR, JANE, HANNA] = [account("operator"), account("Jane"), account("Hanna")];
const DOMAIN = marketDomain(31_337, "0x00000000000000000000000000000000000000aa");
const MICROGRID = 1;

const facts = (accepts?: (account: Address, digest: Hex) => boolean): DirectoryFacts => ({
  recover: (hash, signature) => recoverAddress({ hash, signature }).catch(() => undefined),
  isAccepted: (who, digest) => accepts?.(who, digest) ?? false,
});

/** Signed as a wallet signs: by typed data. */
async function listed(who: typeof JANE, name: string, street = ""): Promise<Listing> {
  const listing = { account: who.address, name, street };
  const consent = await who.signTypedData({
    domain: DOMAIN,
    types: LISTING_TYPES,
    primaryType: "Listing",
    message: { microgrid: MICROGRID, ...listing },
  });
  return { ...listing, consent };
}

async function signed(listings: readonly Listing[], by = OPERATOR): Promise<SignedDirectory> {
  const directory = { microgrid: MICROGRID, version: 1, listings };
  const signature = await by.signTypedData({
    domain: DOMAIN,
    types: DIRECTORY_TYPES,
    primaryType: "Directory",
    message: { ...directory, listings: [...listings] },
  });
  return { directory, signature };
}

const judge = (directory: SignedDirectory, accepts?: Parameters<typeof facts>[0]) =>
  judgeDirectory(DOMAIN, directory, OPERATOR.address, facts(accepts));

describe("A community directory", () => {
  it("holds when the operator signed it and everybody in it agreed", async () => {
    const directory = await signed([
      await listed(JANE, "Jane", "Lane 3"),
      await listed(HANNA, "H."),
    ]);
    expect(await judge(directory)).to.deep.equal([]);
  });

  it("is nobody else's to sign", async () => {
    const [fault] = await judge(await signed([await listed(JANE, "Jane")], JANE));
    expect(fault?.path).to.equal("signature");
    expect(fault?.message).to.include(OPERATOR.address);
  });

  it("lists nobody by other words than one has agreed to", async () => {
    const jane = await listed(JANE, "Jane", "Lane 3");
    const hanna = await listed(HANNA, "Hanna");
    for (const changed of [
      { ...jane, name: "Janet" },
      { ...jane, street: "" },
      { ...jane, account: HANNA.address },
      { ...jane, consent: hanna.consent },
    ]) {
      const faults = await judge(await signed([changed]));
      expect(faults.map(({ path }) => path)).to.deep.equal(["listings.0.consent"]);
    }
  });

  it("changes with each of its members", async () => {
    const { directory } = await signed([await listed(JANE, "Jane")]);
    const changes = [
      { ...directory, microgrid: 2 },
      { ...directory, version: 2 },
      { ...directory, listings: [] },
    ];
    const digests = [directory, ...changes].map((one) => hashDirectory(DOMAIN, one));
    expect(new Set(digests).size).to.equal(4);
  });

  it("may be signed by contract wallets", async () => {
    const listing = { account: HANNA.address, name: "Hanna", street: "", consent: "0xaa" } as const;
    const consented = hashListing(DOMAIN, MICROGRID, listing);
    const { directory } = await signed([listing]);
    const wallet = { directory, signature: "0xbb" } as const;
    const accepted = new Map<Address, Hex>([
      [HANNA.address, consented],
      [OPERATOR.address, hashDirectory(DOMAIN, directory)],
    ]);
    expect(await judge(wallet, (who, digest) => accepted.get(who) === digest)).to.deep.equal([]);
    expect(await judge(wallet)).to.have.lengthOf(1);
  });

  it("has names that can be read, and that are nobody else's", async () => {
    const of = (name: string, who = JANE): Listing => ({
      account: who.address,
      name,
      street: "",
      consent: "0x",
    });
    const wrong = ["", " Jane", "Jane\n", "Ja\u202ene", "x".repeat(41), "0xAbc", "J\u0061\u0308ne"];
    for (const name of wrong) {
      const faults = directoryFaults({ microgrid: 1, version: 1, listings: [of(name)] });
      expect(
        faults.map(({ path }) => path),
        JSON.stringify(name),
      ).to.deep.equal(["listings.0.name"]);
    }
    const alike = [of("Jane"), of("JANE", HANNA)];
    const [fault] = directoryFaults({ microgrid: 1, version: 1, listings: alike });
    expect(fault).to.deep.equal({
      path: "listings.1.name",
      message: '"JANE" is the name at 0 too.',
    });
    const twice = directoryFaults({ microgrid: 1, version: 1, listings: [of("Jane"), of("J.")] });
    expect(twice.map(({ path }) => path)).to.deep.equal(["listings.1.account"]);
  });

  it("has a version, and is of bounded size", () => {
    for (const version of [0, -1, 1.5, 2 ** 32]) {
      const [fault] = directoryFaults({ microgrid: 1, version, listings: [] });
      expect(fault?.path).to.equal("version");
    }
    const listings = Array.from(
      { length: MOST_LISTINGS + 1 },
      (_, index): Listing => ({
        account: `0x${index.toString(16).padStart(40, "0")}`,
        name: `Home ${index}`,
        street: "",
        consent: "0x",
      }),
    );
    const faults = directoryFaults({ microgrid: 1, version: 1, listings });
    expect(faults.map(({ path }) => path)).to.deep.equal(["listings"]);
  });
});

import type { Listing } from "@wattline/sdk";
import { expect } from "chai";
import type { Address } from "viem";
import { entriesOf, isSameDirectory, isToAgree, listingsOf, namesTaken } from "./listed.ts";

const account = (digit: number): Address => `0x${String(digit).repeat(40)}`;
const [JANE, HANNA, GONE] = [account(1), account(2), account(3)];
const listing = (of: Address, name: string, street = ""): Listing => ({
  account: of,
  name,
  street,
  consent: "0x01",
});
const homes = [JANE, HANNA].map((owner) => ({ owner, meters: [] }));

describe("The names that an operator publishes", () => {
  it("are what was agreed to: a new name waits for its household, and the old one stays until then", () => {
    const present = [listing(JANE, "Jane"), listing(GONE, "Gustav")];
    const typed = new Map([
      [JANE, { name: "Janet", street: "" }],
      [HANNA, { name: "Hanna", street: "" }],
    ]);
    const entries = entriesOf(homes, present, [], typed);
    expect(entries.map(isToAgree)).to.deep.equal([true, true, false]);
    expect(listingsOf(entries)).to.deep.equal(present);
    const agreed = listing(JANE, "Janet");
    const after = entriesOf(homes, present, [agreed], typed);
    expect(listingsOf(after)).to.deep.equal([agreed, present[1]]);
  });

  it("begin with what was agreed to last, and leave out who has no name", () => {
    const present = [listing(JANE, "Jane"), listing(HANNA, "Hanna")];
    const brought = [listing(HANNA, "H.", "Lane 3")];
    const [, hanna] = entriesOf(homes, present, brought, new Map());
    expect(hanna?.words).to.deep.include({ name: "H.", street: "Lane 3" });
    const typed = new Map([[JANE, { name: " ", street: "" }]]);
    expect(listingsOf(entriesOf(homes, present, brought, typed))).to.deep.equal(brought);
  });

  it("are the same in any order, and others once a word is", () => {
    const [jane, hanna] = [listing(JANE, "Jane"), listing(HANNA, "Hanna")];
    expect(isSameDirectory([jane, hanna], [hanna, jane])).to.equal(true);
    expect(isSameDirectory([jane, hanna], [{ ...jane, street: "Lane 3" }, hanna])).to.equal(false);
    expect(isSameDirectory([jane], [jane, hanna])).to.equal(false);
  });

  it("are one person's each, however they are written", () => {
    const words = ["Jane", "hanna", "JANE"].map((name) => ({ name, street: "" }));
    expect([...namesTaken(words)]).to.deep.equal(["jane"]);
  });
});

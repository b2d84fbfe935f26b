import { expect } from "chai";
import { DEMO_WALLET } from "./demo/connector.ts";
import { INJECTED, walletsIn } from "./wallets.ts";

const wallet = (id: string, uid: string) => ({ id, uid });
const injected = wallet(INJECTED, "1");
const demo = wallet(DEMO_WALLET, "2");
const [fox, foxAgain, rabbit] = [
  wallet("io.fox", "3"),
  wallet("io.fox", "4"),
  wallet("io.rabbit", "5"),
];

describe("Wallets to choose from", () => {
  it("are shown once each, however often they announce themselves", () => {
    expect(walletsIn([demo, fox, foxAgain, rabbit], true)).to.deep.equal([fox, rabbit]);
  });

  it("are what the page was given where none announces itself", () => {
    expect(walletsIn([demo, injected], true)).to.deep.equal([injected]);
    expect(walletsIn([demo, injected], false)).to.deep.equal([]);
    expect(walletsIn([demo, injected, fox], true)).to.deep.equal([fox]);
  });
});

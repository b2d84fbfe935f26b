import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parseNetworks } from "./config.ts";

describe("wattline.json", () => {
  const readme = readFileSync("frontend/README.md", "utf8");
  const [, example = ""] = /```json\n(\{\n {2}"networks".*?)```/s.exec(readme) ?? [];

  it("is read as the README shows it, every member of it", () => {
    const [network] = parseNetworks(example);
    expect({ networks: [network] }).to.deep.equal(JSON.parse(example));
  });

  it("is refused with each member that is wrong", () => {
    const wrong = example.replace("https://node.example", "node.example").replace("18,", "99,");
    expect(() => parseNetworks(wrong))
      .to.throw("networks.0.rpcUrl: not an http address")
      .with.property("message")
      .that.includes("networks.0.currency.decimals");
  });
});

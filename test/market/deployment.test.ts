import { readFileSync } from "node:fs";
import { expect } from "chai";
import { FunctionFragment, type Interface } from "ethers";
import solc from "solc";
import { interfaceOf } from "../support/interfaces.ts";
import { neighbours, scene } from "../support/neighbours.ts";

const MODULES = ["Settlement", "Forwards", "Releases", "Mandates"];

/** What the market calls of a currency, which anybody may name. */
const CURRENCY_CALLS = [
  "0x70a08231", // balanceOf(address)
  "0xa9059cbb", // transfer(address,uint256)
  "0x23b872dd", // transferFrom(address,address,uint256)
  "0xd505accf", // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
];

describe("the marketplace and its modules", () => {
  const get = scene(neighbours);

  it("see the same storage", () => {
    const layouts = storageOf({
      Marketplace: "Marketplace.sol",
      Settlement: "market/Settlement.sol",
      Forwards: "market/Forwards.sol",
      Releases: "market/Releases.sol",
      Mandates: "market/Mandates.sol",
    });
    const { Marketplace: market = [], ...modules } = layouts;
    expect(market.length).to.be.greaterThan(8);
    for (const [name, layout] of Object.entries(modules)) {
      // A module that trades nothing knows nothing of what trades have taken up; none adds any.
      expect(layout.length, name).to.be.greaterThan(5);
      expect(layout, name).to.deep.equal(market.slice(0, layout.length));
    }
  });

  it("agree on what each function takes and answers", async () => {
    const market = await interfaceOf("Marketplace");
    for (const name of MODULES) {
      const functions = functionsOf(await interfaceOf(name)).filter(
        (each) => !each.includes("eip712Domain"),
      );
      expect(functions.length, name).to.be.greaterThan(0);
      expect(functionsOf(market), name).to.include.members(functions);
    }
    expect(functionsOf(market)).to.include.members(functionsOf(await interfaceOf("IMarketplace")));
  });

  it("do nothing by themselves: no module knows communities or energy", async () => {
    const { world, jane, joe, stranger } = get();
    const offer = await world.offer(jane, { forward: true });
    const take = world.take(new Map([[offer.order.firstSlot + 8, 1n]]), true, { microgrid: 2 });
    const forwards = await world.ethers.deployContract("Forwards");
    await expect(
      forwards.connect(joe.owner.signer).reserve(offer.order, offer.signature, take),
    ).to.revert(world.ethers);
    const settlement = await world.ethers.deployContract("Settlement");
    const matched = { offer: 0, bid: 0, source: 0, schedule: 0, bidSchedule: 0, firstBlock: 0 };
    await expect(
      settlement
        .connect(stranger.signer)
        .settle([offer.order], [offer.signature], [{ ...matched, energy: [1n] }]),
    ).to.revert(world.ethers);
  });

  it("ask nothing of a currency that one of our own contracts would answer", async () => {
    const calls = [
      ...CURRENCY_CALLS,
      (await interfaceOf("IERC3009")).getFunction("receiveWithAuthorization")?.selector ?? "",
    ];
    for (const name of ["EnergyToken", "Meters", "Microgrids", "Marketplace"]) {
      const selectors = selectorsOf(await interfaceOf(name));
      expect(
        calls.filter((call) => selectors.includes(call)),
        name,
      ).to.deep.equal([]);
    }
  });
});

/** Every function's name, and the types that it takes and answers. */
const functionsOf = (contract: Interface): string[] =>
  contract.fragments.flatMap((each) =>
    each instanceof FunctionFragment
      ? [`${each.format("sighash")} ${each.outputs.map((output) => output.format("sighash"))}`]
      : [],
  );

function selectorsOf(contract: Interface): string[] {
  const selectors: string[] = [];
  contract.forEachFunction(({ selector }) => {
    selectors.push(selector);
  });
  return selectors;
}

/** Where contracts keep their variables, as the compiler tells. */
function storageOf(files: Readonly<Record<string, string>>): Readonly<Record<string, string[]>> {
  const paths = Object.values(files).map((file) => `contracts/${file}`);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(paths.map((path) => [path, { content: sourceOf(path) }])),
    settings: { evmVersion: "osaka", outputSelection: { "*": { "*": ["storageLayout"] } } },
  };
  const find = (imported: string) => ({ contents: sourceOf(imported) });
  const output: Compiled = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => {
      const layout = output.contracts?.[`contracts/${file}`]?.[name]?.storageLayout;
      if (layout === undefined) {
        throw new Error(`${name} does not compile: ${output.errors?.[0]?.formattedMessage}`);
      }
      return [
        name,
        layout.storage.map(({ label, slot, offset, type }) => `${slot}.${offset} ${label} ${type}`),
      ];
    }),
  );
}

const sourceOf = (path: string): string =>
  readFileSync(path.startsWith("@") ? `node_modules/${path}` : path, "utf8");

interface Compiled {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly storageLayout: { readonly storage: readonly Variable[] } }>
      >
    >
  >;
}

interface Variable {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
}

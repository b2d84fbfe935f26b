import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  blockOf,
  bulkTypedData,
  CLEAR_SIGNING_ENUMS,
  clearSigningFiles,
  hashOrderStruct,
  MOST_BULK_LEVELS,
  marketDomain,
  packProfile,
  SOURCES,
  UNDESCRIBED_CALLS,
} from "@wattline/sdk";
import { expect } from "chai";
import { FunctionFragment, Interface, TypedDataEncoder } from "ethers";
import hre from "hardhat";
import { after, before, describe, it } from "mocha";
import {
  concat,
  encodeAbiParameters,
  type Hex,
  keccak256,
  numberToHex,
  parseAbiParameters,
  parseSignature,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { showCall, showMessage } from "../../sdk/test/support/wallet.ts";
import { hex } from "../support/signatures.ts";
import { createWorld, EURO, type MeterOf, START, slots, type World } from "../support/world.ts";

const ROOT = path.join(import.meta.dirname, "../..");
/** Jane's key signs digests as they stand. */
const JANES_KEY = privateKeyToAccount(`0x${"1a".repeat(32)}`);

/** By file, the contract it describes and those whose code runs in it and names parameters that it leaves unnamed. */
const CONTRACTS = {
  marketplace: ["Marketplace", "Settlement", "Forwards"],
  meters: ["Meters"],
  energy: ["EnergyToken"],
  board: ["Board"],
} as const;

const EXCEPTIONS: Readonly<Record<string, object>> = {
  meters: UNDESCRIBED_CALLS.meters,
  energy: UNDESCRIBED_CALLS.energyToken,
};

const id = (text: string): Hex => keccak256(toHex(text));

describe("The clear-signing files and the contracts", () => {
  let world: World;
  let files: ReturnType<typeof clearSigningFiles>;
  let deployment: Parameters<typeof clearSigningFiles>[0];
  let roof: MeterOf;

  before(async () => {
    world = await createWorld();
    await world.found();
    const board = await world.ethers.deployContract("Board");
    deployment = {
      chainId: world.chainId,
      marketplace: world.addresses.market,
      meters: world.addresses.meters,
      energy: hex(await world.energy.getAddress()),
      board: hex(await board.getAddress()),
      fromBlock: 0,
    };
    const currency = { address: world.addresses.euro, symbol: "EUR", decimals: 6 };
    files = clearSigningFiles(deployment, currency);
    const jane = { name: "Jane", address: JANES_KEY.address, signer: world.operator.signer };
    roof = await world.meter(jane);
    await world.passSlots(8);
    await world.report(roof, slots(0, 8, 1_000n));
    await world.fund(world.operator, 10n * EURO);
  });
  after(() => world.close());

  const formatsOf = (name: string) => files.get(name)?.display.formats ?? {};
  const shape = ({ name, inputs }: FunctionFragment) =>
    `${name}(${inputs.map((input) => input.format("full"))})`;
  const interfaceOf = async (contract: string) =>
    new Interface((await hre.artifacts.readArtifact(contract)).abi);
  const functionsOf = (abi: Interface) =>
    abi.fragments.filter((each): each is FunctionFragment => FunctionFragment.isFragment(each));

  for (const [name, contracts] of Object.entries(CONTRACTS)) {
    it(`describe calls of the ${name} with the build's types and names`, async () => {
      const shapes = new Set<string>();
      for (const contract of contracts) {
        for (const each of functionsOf(await interfaceOf(contract))) shapes.add(shape(each));
      }
      const keys = Object.keys(formatsOf(`calldata-${name}.json`));
      expect(keys).not.to.have.length(0);
      for (const key of keys) {
        expect(shapes).to.include(shape(FunctionFragment.from(`function ${key}`)));
      }
    });

    it(`describe every call that changes the ${name}, or say why not`, async () => {
      const described = Object.keys(formatsOf(`calldata-${name}.json`)).map(
        (key) => FunctionFragment.from(`function ${key}`).selector,
      );
      const calls = functionsOf(await interfaceOf(contracts[0])).filter((each) => !each.constant);
      const exceptions = Object.keys(EXCEPTIONS[name] ?? {});
      const excepted = calls.filter((each) => exceptions.includes(each.name));
      expect(excepted.map((each) => each.name)).to.have.members(exceptions);
      expect([...described, ...excepted.map((each) => each.selector)]).to.have.members(
        calls.map((each) => each.selector),
      );
    });
  }

  it("describe a call of the currency as the currency has it", async () => {
    const shapes = functionsOf(await interfaceOf("TestEuro")).map(shape);
    for (const key of Object.keys(formatsOf("calldata-currency.json"))) {
      expect(shapes).to.include(shape(FunctionFragment.from(`function ${key}`)));
    }
  });

  it("have a word for each member of the contracts' enums, and for nothing else", () => {
    const sources = globSync("contracts/{interfaces,libraries}/*.sol", { cwd: ROOT })
      .map((file) => readFileSync(path.join(ROOT, file), "utf8"))
      .join("\n");
    const membersOf = (name: string) =>
      new RegExp(`enum ${name} \\{([^}]*)\\}`)
        .exec(sources)?.[1]
        ?.split(",")
        .map((member) => member.trim());
    const words = (named: object) => Object.entries(named);
    const numbered = (members: readonly string[] = []) => members.map((word, i) => [`${i}`, word]);
    expect(words(CLEAR_SIGNING_ENUMS.source)).to.deep.equal(numbered(membersOf("Source")));
    expect(words(CLEAR_SIGNING_ENUMS.mode)).to.deep.equal(numbered(membersOf("Mode")));
    expect(membersOf("Side")).to.deep.equal(["Offer", "Bid"]);
    expect(words(CLEAR_SIGNING_ENUMS.side)).to.deep.equal(numbered(["Sell", "Buy"]));
    expect(Object.keys(CLEAR_SIGNING_ENUMS.taking)).to.deep.equal(["0", "1"]);
    expect(Object.keys(CLEAR_SIGNING_ENUMS.sources)).to.have.length(2 ** SOURCES.length - 1);
  });

  describe("are bound to", () => {
    for (const [name, contract] of [
      ["marketplace", () => world.marketplace],
      ["meters", () => world.meters],
    ] as const) {
      it(`the domain of the ${name}`, async () => {
        const domain = await contract().eip712Domain();
        const context = files.get(`eip712-${name}.json`)?.context;
        expect(context).to.deep.include({
          eip712: {
            domain: { name: domain.name, version: domain.version },
            deployments: [{ chainId: Number(domain.chainId), address: domain.verifyingContract }],
          },
        });
      });
    }
  });

  describe("name the types that the contracts hash:", () => {
    const keyOf = (file: string, start: string): string => {
      const keys = Object.keys(formatsOf(file)).filter((key) => key.startsWith(start));
      expect(keys).to.have.length(1);
      return keys[0] ?? "";
    };
    const digest = (domain: string, key: string, ...words: Hex[]): Hex =>
      keccak256(concat(["0x1901", hex(domain), keccak256(concat([id(key), ...words]))]));
    const separator = () =>
      TypedDataEncoder.hashDomain(marketDomain(world.chainId, world.addresses.market));
    const metersSeparator = async () => {
      const { name, version, chainId, verifyingContract } = await world.meters.eip712Domain();
      return TypedDataEncoder.hashDomain({ name, version, chainId, verifyingContract });
    };
    const words = (types: string, ...values: unknown[]) =>
      encodeAbiParameters(parseAbiParameters(types), values);

    it("orders", async () => {
      const order = world.order(roof);
      const key = keyOf("eip712-marketplace.json", "Order(");
      const encoded = words(
        "address,address,uint32,uint8,uint8,uint32,uint32,uint32,uint96,bool,uint96,address,uint64,uint64,uint40",
        ...Object.values(order),
      );
      expect(await world.marketplace.hashOrder(order)).to.equal(digest(separator(), key, encoded));
    });

    it("readings and registrations", async () => {
      const meter = roof.device.address;
      const exported = keccak256(words("uint256,uint256", 4n, 5n));
      expect(
        await world.meters.hashReading({ meter, firstBlock: 3n, exported: [4n, 5n] }),
      ).to.equal(
        digest(
          await metersSeparator(),
          keyOf("eip712-meters.json", "Reading("),
          words("address,uint32,bytes32", meter, 3, exported),
        ),
      );
      expect(await world.meters.hashRegistration(3n, meter)).to.equal(
        digest(
          await metersSeparator(),
          keyOf("eip712-meters.json", "Registration("),
          words("uint32,address", 3, meter),
        ),
      );
    });

    it("bulk orders of every size", async () => {
      const order = world.order(roof, { energy: 8_000 });
      const take = world.take(slots(0, 1, 100n));
      const market = world.marketplace.connect(world.operator.signer);
      let root = hashOrderStruct(order);
      for (let levels = 1; levels <= MOST_BULK_LEVELS; levels++) {
        root = keccak256(concat([root, zeroHash]));
        const key = keyOf(
          "eip712-marketplace.json",
          `BulkOrder(Order${"[2]".repeat(levels)} tree)`,
        );
        const sign = (type: string) =>
          JANES_KEY.sign({ hash: digest(separator(), type, root) }).then((signature) =>
            concat([
              signature,
              numberToHex(0, { size: 2 }),
              ...Array.from({ length: levels }, () => zeroHash),
            ]),
          );
        await market.accept.staticCall(order, await sign(key), take);
        await expect(
          market.accept.staticCall(order, await sign(key.replace("[2]", "[3]")), take),
        ).to.be.revertedWithCustomError(world.marketplace, "Orders_BadSignature");
      }
    });

    it("the currency's permits", async () => {
      const spender = world.addresses.market;
      const deadline = BigInt(START + 86_400);
      const hash = digest(
        await world.euro.DOMAIN_SEPARATOR(),
        keyOf("eip712-currency.json", "Permit("),
        words(
          "address,address,uint256,uint256,uint256",
          JANES_KEY.address,
          spender,
          5n,
          0n,
          deadline,
        ),
      );
      const { r, s, yParity } = parseSignature(await JANES_KEY.sign({ hash }));
      await world.euro.permit(JANES_KEY.address, spender, 5n, deadline, 27 + yParity, r, s);
      expect(await world.euro.allowance(JANES_KEY.address, spender)).to.equal(5n);
    });
  });

  describe("let a wallet put into words", () => {
    const wallet = () => ({
      files: [...files.values()],
      tokens: new Map([[world.addresses.euro, { symbol: "EUR", decimals: 6 }]]),
    });

    it("a purchase by multicall that the marketplace takes", async () => {
      const order = world.order(roof);
      const signature = await JANES_KEY.sign({
        hash: hex(await world.marketplace.hashOrder(order)),
      });
      const take = world.take(slots(2, 1, 500n), { limit: EURO });
      const { interface: abi } = world.marketplace;
      const data = abi.encodeFunctionData("multicall", [
        [
          abi.encodeFunctionData("lock", [world.addresses.euro, START + 86_400]),
          abi.encodeFunctionData("accept", [order, signature, take]),
        ],
      ]);
      await world.operator.signer.sendTransaction({ to: world.addresses.market, data });
      const { lines } = showCall(wallet(), {
        chainId: world.chainId,
        to: world.addresses.market,
        data: hex(data),
      });
      expect(lines).to.include.members([
        "Step 0: Promise not to withdraw EUR before 2027-06-08T00:00:00Z",
        "Step 1: Trade energy with a signed order",
        "  You: Buy for at most",
        "  Limit, all included: 1 EUR",
        "  Maker's price per kWh: 0.2 EUR",
        `  Trade with: ${JANES_KEY.address}`,
        "  Slot 3 of 8 of the block: 0.5kWh",
      ]);
      expect(await world.energy.balanceOf(world.operator.address, solarId(2))).to.equal(500n);
    });

    it("the typed data of a bulk signature", () => {
      const orders = [1, 2].map((energy) => world.order(roof, { energy: energy * 1_000 }));
      const { message, ...typed } = bulkTypedData(
        marketDomain(world.chainId, world.addresses.market),
        orders,
      );
      const { lines } = showMessage(wallet(), { ...typed, message: { ...message } });
      expect(lines.filter((line) => line.startsWith("Energy, at most"))).to.deep.equal([
        "Energy, at most: 1kWh",
        "Energy, at most: 2kWh",
      ]);
    });

    it("a retirement", () => {
      const { firstBlock, words } = packProfile(slots(1, 1, 250n));
      const data = world.energy.interface.encodeFunctionData("retire", [
        1,
        0,
        firstBlock,
        [...words],
        zeroAddress,
        "June",
      ]);
      const { lines } = showCall(wallet(), {
        chainId: world.chainId,
        to: deployment.energy,
        data: hex(data),
      });
      expect(lines).to.deep.equal([
        "Energy from: Solar",
        "Microgrid: 1",
        `First block of eight slots: ${blockOf(START / 900)}`,
        "Slot 2 of 8 of the block: 0.25kWh",
        `On behalf of: ${zeroAddress}`,
        "Purpose: June",
      ]);
    });
  });
});

/** The token of the tests' `slot`-th slot, made from the sun in microgrid 1. */
const solarId = (slot: number): bigint => (1n << 40n) | BigInt(START / 900 + slot);

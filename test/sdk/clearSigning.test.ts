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
  sourceMask,
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
import { showCall, showMessage } from "../../sdk/test/support/wallet.ts";
import { hex } from "../support/signatures.ts";
import {
  createWorld,
  type MeterOf,
  type Person,
  START,
  slots,
  type World,
} from "../support/world.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const EURO = 1_000_000n;

/** By file, the contract it describes and those whose code runs in it and names parameters that it leaves unnamed. */
const CONTRACTS = {
  marketplace: ["Marketplace", "Settlement", "Forwards", "Releases", "Mandates"],
  microgrids: ["Microgrids"],
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
  let jane: Person;

  before(async () => {
    world = await createWorld();
    const board = await world.ethers.deployContract("Board");
    deployment = {
      chainId: world.chainId,
      marketplace: world.addresses.market,
      microgrids: hex(await world.microgrids.getAddress()),
      meters: world.addresses.meters,
      energy: hex(await world.energy.getAddress()),
      board: hex(await board.getAddress()),
      fromBlock: 0,
    };
    const currency = { address: world.addresses.euro, symbol: "EUR", decimals: 6 };
    files = clearSigningFiles(deployment, currency);
    jane = await world.person("Jane");
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
        "address,address,uint32,uint8,uint8,uint32,uint32,uint32,uint96,bool,uint96,uint32,bool,address,address,uint64,uint64,uint40",
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
      const registration = {
        microgrid: 3,
        owner: jane.address,
        meter,
        source: 1,
        capacityW: 9_500,
        critical: true,
      };
      expect(await world.meters.hashRegistration(registration)).to.equal(
        digest(
          await metersSeparator(),
          keyOf("eip712-meters.json", "Registration("),
          words(
            "uint32,address,address,uint8,uint32",
            3,
            registration.owner,
            meter,
            registration.source,
            registration.capacityW,
          ),
        ),
      );
    });

    it("mandates, which the marketplace takes", async () => {
      const snapshot = await world.networkHelpers.takeSnapshot();
      await world.fund(jane, 10n);
      const { euro } = world.addresses;
      const { address: holder } = jane;
      const { address: other } = world.dso;
      const deadline = START + 30 * 86_400;
      const until = START + 86_400;
      const market = world.marketplace.connect(world.operator.signer);
      const signed = (name: string, types: string, ...values: unknown[]) =>
        jane.key.sign({
          hash: digest(
            separator(),
            keyOf("eip712-marketplace.json", `${name}(`),
            words(types, ...values),
          ),
        });
      await market.authorizeFor(
        holder,
        euro,
        other,
        5n,
        until,
        deadline,
        await signed(
          "Authorization",
          "address,address,address,uint256,uint40,uint256,uint40",
          ...[holder, euro, other, 5n, until, 0n, deadline],
        ),
      );
      await market.cancelFor(
        holder,
        [900n, 901n],
        deadline,
        await signed(
          "Cancellation",
          "address,bytes32,uint256,uint40",
          ...[holder, keccak256(words("uint64,uint64", 900n, 901n)), 1n, deadline],
        ),
      );
      await market.cancelAllFor(
        holder,
        euro,
        deadline,
        await signed(
          "CancellationOfAll",
          "address,address,uint256,uint40",
          ...[holder, euro, 2n, deadline],
        ),
      );
      await market.withdrawFor(
        holder,
        euro,
        1n,
        other,
        deadline,
        await signed(
          "Withdrawal",
          "address,address,uint256,address,uint256,uint40",
          ...[holder, euro, 1n, other, 3n, deadline],
        ),
      );
      await market.lockFor(
        holder,
        euro,
        other,
        zeroAddress,
        until,
        deadline,
        await signed(
          "Locking",
          "address,address,address,address,uint40,uint256,uint40",
          ...[holder, euro, other, zeroAddress, until, 4n, deadline],
        ),
      );
      expect(await market.mandateNonceOf(holder)).to.equal(5n);
      await snapshot.restore();
    });

    it("bulk orders of every size", async () => {
      const order = world.order(roof, { energy: 8_000 });
      const take = world.take(slots(0, 1, 100n), true);
      const market = world.marketplace.connect(world.operator.signer);
      let root = hashOrderStruct(order);
      for (let levels = 1; levels <= MOST_BULK_LEVELS; levels++) {
        root = keccak256(concat([root, zeroHash]));
        const key = keyOf(
          "eip712-marketplace.json",
          `BulkOrder(Order${"[2]".repeat(levels)} tree)`,
        );
        const sign = (type: string) =>
          jane.key
            .sign({ hash: digest(separator(), type, root) })
            .then((signature) =>
              concat([
                signature,
                ...Array.from({ length: levels }, () => zeroHash),
                numberToHex(0, { size: 2 }),
                toHex("bulk"),
              ]),
            );
        await market.accept.staticCall(order, await sign(key), take);
        await expect(
          market.accept.staticCall(order, await sign(key.replace("[2]", "[3]")), take),
        ).to.be.revertedWithCustomError(world.marketplace, "Orders_BadSignature");
      }
    });

    it("the currency's authorizations", async () => {
      const euro = await world.ethers.deployContract("TestEuro3009");
      const { address: from } = jane;
      const to = world.operator.address;
      const nonce = id("first");
      const before = BigInt(START + 86_400);
      await euro.mint(from, 9n);
      const hash = digest(
        await euro.DOMAIN_SEPARATOR(),
        keyOf("eip712-currency.json", "ReceiveWithAuthorization("),
        words("address,address,uint256,uint256,uint256,bytes32", from, to, 5n, 0n, before, nonce),
      );
      const { r, s, yParity } = parseSignature(await jane.key.sign({ hash }));
      const receiver = euro.connect(world.operator.signer);
      await receiver.receiveWithAuthorization(from, to, 5n, 0n, before, nonce, 27 + yParity, r, s);
      expect(await euro.balanceOf(to)).to.equal(5n);
    });

    it("the currency's permits", async () => {
      const spender = world.addresses.market;
      const deadline = BigInt(START + 86_400);
      const hash = digest(
        await world.euro.DOMAIN_SEPARATOR(),
        keyOf("eip712-currency.json", "Permit("),
        words("address,address,uint256,uint256,uint256", jane.address, spender, 5n, 0n, deadline),
      );
      const { r, s, yParity } = parseSignature(await jane.key.sign({ hash }));
      await world.euro.permit(jane.address, spender, 5n, deadline, 27 + yParity, r, s);
      expect(await world.euro.allowance(jane.address, spender)).to.equal(5n);
    });
  });

  describe("let a wallet put into words", () => {
    const wallet = () => ({
      files: [...files.values()],
      tokens: new Map([[world.addresses.euro, { symbol: "EUR", decimals: 6 }]]),
    });

    it("a purchase by multicall that the marketplace takes", async () => {
      const order = world.order(roof, { sources: sourceMask(...SOURCES) });
      const signature = await jane.key.sign({
        hash: hex(await world.marketplace.hashOrder(order)),
      });
      const take = world.take(slots(2, 1, 500n), true, { limit: EURO });
      const { interface: abi } = world.marketplace;
      const data = abi.encodeFunctionData("multicall", [
        [
          abi.encodeFunctionData("cancel", [[7n]]),
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
        "Step 0: Cancel orders of yours for good",
        "  Order number: 7",
        "Step 1: Trade energy with a signed order",
        "  You: Buy for at most",
        "  Limit per kWh, all included: 1 EUR",
        "  Maker's price per kWh: 0.19 EUR",
        `  Trade with: ${jane.address}`,
        "  Slot 3 of 8 of the block: 0.5kWh",
      ]);
      expect(await world.energy.balanceOf(world.operator.address, solarId(2))).to.equal(500n);
    });

    it("the typed data of a bulk signature", () => {
      const orders = [1, 2].map((energy) =>
        world.order(roof, { energy: energy * 1_000, sources: sourceMask(...SOURCES) }),
      );
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

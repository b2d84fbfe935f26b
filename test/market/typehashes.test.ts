import {
  marketDomain,
  metersDomain,
  ORDER_TYPES,
  READING_TYPES,
  REGISTRATION_TYPES,
} from "@wattline/sdk";
import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import {
  type Address,
  concat,
  getAddress,
  type Hex,
  hashTypedData,
  keccak256,
  numberToHex,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { createWorld, type World } from "../support/world.ts";

/**
 * What wallets and devices sign. Whatever is signed already stands or falls with these strings: a test that fails
 * here says that all of it would be void.
 */
const PINNED = {
  Order: {
    fields: ORDER_TYPES.Order,
    string:
      "Order(address maker,address meter,uint32 microgrid,uint8 side,uint8 sources,uint32 firstSlot,uint32 lastSlot," +
      "uint32 energy,uint96 price,bool forward,uint96 bond,address counterparty,uint64 nonce,uint64 counter," +
      "uint40 deadline)",
    hash: "0xc6755dd0067cde3cf40aa7ddd017e61fef58ed82eb86c2b8e110ac0998fd3264",
  },
  Reading: {
    fields: READING_TYPES.Reading,
    string: "Reading(address meter,uint32 firstBlock,uint256[] exported)",
    hash: "0xf19b1907528d7bc4001b833652c6902ec28761d25eeab43e3f1ce03542f9258e",
  },
  Registration: {
    fields: REGISTRATION_TYPES.Registration,
    string: "Registration(uint32 microgrid,address owner)",
    hash: "0x83aea4bacbe8904d757ef74daee2257176275d0ffc490288a026cc3ff7a7c397",
  },
} as const;

const id = (text: string): Hex => keccak256(toHex(text));

describe("Typed data", () => {
  let world: World;

  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  for (const [name, { fields, string, hash }] of Object.entries(PINNED)) {
    it(`pins the type ${name}`, () => {
      const types: Record<string, { name: string; type: string }[]> = { [name]: [...fields] };
      expect(TypedDataEncoder.from(types).encodeType(name)).to.equal(string);
      expect(id(string)).to.equal(hash);
    });
  }

  it("pins the marketplace's domain", async () => {
    const { chainId, addresses } = world;
    const domain = ["0x0f", "Wattline", "1", BigInt(chainId), addresses.market, zeroHash, []];
    expect([...(await world.marketplace.eip712Domain())]).to.deep.equal(domain);
  });

  it("pins the meters' domain", async () => {
    const { chainId, addresses } = world;
    const domain = [
      "0x0f",
      "Wattline Meters",
      "1",
      BigInt(chainId),
      addresses.meters,
      zeroHash,
      [],
    ];
    expect([...(await world.meters.eip712Domain())]).to.deep.equal(domain);
  });

  describe("is hashed in EIP-712's own words", () => {
    const DOMAIN =
      "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const maker = getAddress(`0x${"11".repeat(20)}`);
    const meter = getAddress(`0x${"22".repeat(20)}`);

    const word = (value: bigint | Address): Hex => numberToHex(BigInt(value), { size: 32 });
    const struct = (string: string, ...words: Hex[]) => keccak256(concat([id(string), ...words]));
    const signed = (name: string, contract: Address, hash: Hex) => {
      const [nameHash, versionHash] = [id(name), id("1")];
      const chain = word(BigInt(world.chainId));
      return keccak256(
        concat(["0x1901", struct(DOMAIN, nameHash, versionHash, chain, word(contract)), hash]),
      );
    };

    it("as an order", async () => {
      const order = {
        maker,
        meter,
        microgrid: 11n,
        side: 1n,
        sources: 2n,
        firstSlot: 3n,
        lastSlot: 4n,
        energy: 5n,
        price: 6n,
        forward: true,
        bond: 7n,
        counterparty: zeroAddress,
        nonce: 8n,
        counter: 9n,
        deadline: 10n,
      };
      const words = [maker, meter, 11n, 1n, 2n, 3n, 4n, 5n, 6n, 1n, 7n, zeroAddress, 8n, 9n, 10n];
      expect(await world.marketplace.hashOrder(order)).to.equal(
        signed("Wattline", world.addresses.market, struct(PINNED.Order.string, ...words.map(word))),
      );
    });

    it("as a reading", async () => {
      const exported = keccak256(concat([word(4n), word(5n)]));
      const hash = struct(PINNED.Reading.string, word(meter), word(3n), exported);
      expect(
        await world.meters.hashReading({ meter, firstBlock: 3n, exported: [4n, 5n] }),
      ).to.equal(signed("Wattline Meters", world.addresses.meters, hash));
    });

    it("as a registration", async () => {
      const hash = struct(PINNED.Registration.string, word(3n), word(maker));
      expect(await world.meters.hashRegistration(3n, maker)).to.equal(
        signed("Wattline Meters", world.addresses.meters, hash),
      );
    });
  });

  describe("of the sdk is what the contracts hash", () => {
    const uint = (bits: bigint) => fc.bigInt(0n, 2n ** bits - 1n);
    const number = (bits: bigint) => uint(bits).map(Number);
    const address = uint(160n).map((value) => getAddress(numberToHex(value, { size: 20 })));

    it("for any order", async () => {
      const order = fc.record({
        maker: address,
        meter: address,
        microgrid: number(32n),
        side: number(1n),
        sources: number(8n),
        firstSlot: number(32n),
        lastSlot: number(32n),
        energy: number(32n),
        price: uint(96n),
        forward: fc.boolean(),
        bond: uint(96n),
        counterparty: address,
        nonce: uint(64n),
        counter: uint(64n),
        deadline: number(40n),
      });
      const domain = marketDomain(world.chainId, world.addresses.market);
      await fc.assert(
        fc.asyncProperty(order, async (message) => {
          expect(await world.marketplace.hashOrder(message)).to.equal(
            hashTypedData({ domain, types: ORDER_TYPES, primaryType: "Order", message }),
          );
        }),
        runs(100),
      );
    }).timeout(PATIENCE_MS);

    it("for any reading", async () => {
      const reading = fc.record({
        meter: address,
        firstBlock: number(32n),
        exported: fc.array(uint(256n), { maxLength: 40 }),
      });
      const domain = metersDomain(world.chainId, world.addresses.meters);
      await fc.assert(
        fc.asyncProperty(reading, async (message) => {
          expect(await world.meters.hashReading(message)).to.equal(
            hashTypedData({ domain, types: READING_TYPES, primaryType: "Reading", message }),
          );
        }),
        runs(100),
      );
    }).timeout(PATIENCE_MS);

    it("for any registration", async () => {
      const registration = fc.record({ microgrid: number(32n), owner: address });
      const domain = metersDomain(world.chainId, world.addresses.meters);
      await fc.assert(
        fc.asyncProperty(registration, async (message) => {
          expect(await world.meters.hashRegistration(message.microgrid, message.owner)).to.equal(
            hashTypedData({
              domain,
              types: REGISTRATION_TYPES,
              primaryType: "Registration",
              message,
            }),
          );
        }),
        runs(100),
      );
    }).timeout(PATIENCE_MS);
  });
});

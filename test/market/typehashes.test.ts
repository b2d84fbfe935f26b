import {
  IMPORT_READING_TYPES,
  MANDATE_TYPES,
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
import { type Address, getAddress, hashTypedData, numberToHex, zeroHash } from "viem";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { createWorld, type World } from "../support/world.ts";

/**
 * What wallets and devices sign. Orders and readings that are signed already are valid by these strings only: a test that
 * fails here says that all of them would be void.
 */
const PINNED = {
  Order:
    "Order(address maker,address meter,uint32 microgrid,uint8 side,uint8 sources,uint32 firstSlot,uint32 lastSlot," +
    "uint32 energy,uint96 price,bool forward,uint96 bond,uint32 mostAhead,bool crosses,address counterparty," +
    "address settler,uint64 nonce,uint64 counter,uint40 deadline)",
  Reading: "Reading(address meter,uint32 firstBlock,uint256[] exported)",
  ImportReading: "ImportReading(address meter,uint32 firstBlock,uint256[] imported)",
  Registration:
    "Registration(uint32 microgrid,address owner,address meter,uint8 source,uint32 capacityW)",
  Withdrawal:
    "Withdrawal(address holder,address currency,uint256 amount,address to,uint256 nonce,uint40 deadline)",
  Locking:
    "Locking(address holder,address currency,address settler,address signer,uint40 until,uint256 nonce,uint40 deadline)",
  Authorization:
    "Authorization(address maker,address currency,address delegate,uint256 amount,uint40 until,uint256 nonce," +
    "uint40 deadline)",
  Cancellation: "Cancellation(address maker,uint64[] nonces,uint256 nonce,uint40 deadline)",
  CancellationOfAll:
    "CancellationOfAll(address maker,address currency,uint256 nonce,uint40 deadline)",
} as const;

const TYPES = {
  ...ORDER_TYPES,
  ...READING_TYPES,
  ...IMPORT_READING_TYPES,
  ...REGISTRATION_TYPES,
  ...MANDATE_TYPES,
} as const;

describe("Typed data", () => {
  let world: World;

  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  for (const [name, fields] of Object.entries(TYPES)) {
    it(`pins the type ${name}`, () => {
      const types: Record<string, { name: string; type: string }[]> = { [name]: [...fields] };
      expect(TypedDataEncoder.from(types).encodeType(name)).to.equal(
        Object.entries(PINNED).find(([pinned]) => pinned === name)?.[1],
      );
    });
  }

  it("pins the domains", async () => {
    const { chainId, addresses } = world;
    const domainOf = (name: string, contract: Address) => [
      "0x0f",
      name,
      "2",
      BigInt(chainId),
      contract,
      zeroHash,
      [],
    ];
    expect([...(await world.marketplace.eip712Domain())]).to.deep.equal(
      domainOf("Wattline", addresses.market),
    );
    expect([...(await world.meters.eip712Domain())]).to.deep.equal(
      domainOf("Wattline Meters", addresses.meters),
    );
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
        mostAhead: number(32n),
        crosses: fc.boolean(),
        counterparty: address,
        settler: address,
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
      const registration = fc.record({
        microgrid: number(32n),
        owner: address,
        meter: address,
        source: number(2n),
        capacityW: number(32n),
      });
      const domain = metersDomain(world.chainId, world.addresses.meters);
      await fc.assert(
        fc.asyncProperty(registration, async (message) => {
          expect(await world.meters.hashRegistration({ ...message, critical: false })).to.equal(
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

import { marketDomain, ORDER_TYPES, type Order, sourceMask } from "@wattline/sdk";
import { expect } from "chai";
import { Wallet } from "ethers";
import { after, before, beforeEach, describe, it } from "mocha";
import {
  type Address,
  concat,
  custom,
  getAddress,
  type Hex,
  numberToHex,
  recoverAddress,
  slice,
  zeroAddress,
} from "viem";
import { deployWattline } from "../../ignition/deployLocally.ts";
import { compact, hex, withHighS } from "../support/signatures.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  START,
  START_SLOT,
  slots,
  type World,
} from "../support/world.ts";

const LANE_MAX_WH = 2n ** 31n - 1n;
/** How a {@link ContractWallet} answers. */
const [RIGHT, WRONG, REVERT, BURN_GAS] = [0, 1, 2, 3];

describe("Orders", () => {
  let world: World;
  let jane: Person;
  let bob: Person;
  let carol: Person;
  let roof: MeterOf;
  let shed: MeterOf;
  let flat: MeterOf;

  before(async () => {
    world = await createWorld();
    jane = world.person("Jane");
    bob = world.person("Bob");
    carol = world.person("Carol");
  });
  after(() => world.close());

  /** Jane has two meters and solar energy, Bob has a meter and money. */
  async function street() {
    await world.found();
    const meters = {
      roof: await world.meter(jane),
      shed: await world.meter(jane),
      flat: await world.meter(bob),
    };
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    await world.fund(bob, 1_000n * EURO);
    await world.fund(jane, 1_000n * EURO);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, shed, flat } = await world.networkHelpers.loadFixture(street));
  });

  const marketAs = (person: Person) => world.marketplace.connect(person.signer);

  /** Takes Wh of the day's first slot. */
  const accept = (order: Order, signature: Hex, { wh = 10n, by = bob, gasLimit = 0n } = {}) =>
    marketAs(by).accept(
      order,
      signature,
      world.take(slots(0, 1, wh), {
        limit: order.side === 0 ? 2n ** 255n : 0n,
        microgrid: order.microgrid,
      }),
      gasLimit === 0n ? {} : { gasLimit },
    );

  /** Signs as the maker does, and takes. */
  const signAndAccept = async (order: Order, taking: { wh?: bigint; by?: Person } = {}) =>
    accept(order, await world.sign(order, jane), taking);

  const wasRefused = (attempt: Promise<unknown>, error: string) =>
    expect(attempt).to.be.revertedWithCustomError(world.marketplace, error);

  const wasNotSigned = async (order: Order, attempt: Promise<unknown>) =>
    wasRefused(attempt, "Orders_BadSignature").withArgs(
      order.maker,
      await world.marketplace.hashOrder(order),
    );

  /** What is filled of an order, and whether it is cancelled. */
  const fillOf = async ({ maker, nonce }: Order) => [
    ...(await world.marketplace.fillOf(maker, nonce)),
  ];

  describe("signatures", () => {
    it("have 65 bytes or 64", async () => {
      const order = world.order(roof);
      const long = await world.sign(order, jane);
      const short = compact(long);
      expect([long.length, short.length]).to.deep.equal([2 + 2 * 65, 2 + 2 * 64]);
      await accept(order, long);
      await accept(order, short);
      expect(await fillOf(order)).to.deep.equal([20n, false]);
    });

    it("have no other length", async () => {
      const order = world.order(roof);
      const signature = await world.sign(order, jane);
      for (const bytes of [0, 1, 32, 63]) {
        await wasNotSigned(order, accept(order, hex(signature.slice(0, 2 + 2 * bytes))));
      }
      for (const more of [1, 31, 65]) {
        await wasNotSigned(order, accept(order, concat([signature, slice(signature, 0, more)])));
      }
    });

    it("have no v but 27 and 28", async () => {
      const order = world.order(roof);
      const signature = await world.sign(order, jane);
      const v = Number.parseInt(signature.slice(-2), 16);
      for (const other of [0, 1, v - 27, 55 - v, 26, 29, 255]) {
        const wrong = concat([slice(signature, 0, 64), numberToHex(other, { size: 1 })]);
        await wasNotSigned(order, accept(order, wrong));
      }
    });

    it("have a low s", async () => {
      const order = world.order(roof);
      const signature = withHighS(await world.sign(order, jane));
      const hash = hex(await world.marketplace.hashOrder(order));
      expect(await recoverAddress({ hash, signature })).to.equal(jane.address);
      await wasNotSigned(order, accept(order, signature));
    });

    it("are the maker's, not the taker's nor anyone else's", async () => {
      const order = world.order(roof);
      for (const other of [bob, carol, world.operator]) {
        await wasNotSigned(order, accept(order, await world.sign(order, other)));
      }
    });

    it("are for this chain and this marketplace", async () => {
      const order = world.order(roof);
      const { marketplace: other } = await deployWattline(custom(world.connection.provider));
      expect(other).to.not.equal(world.addresses.market);
      const types = { Order: [...ORDER_TYPES.Order] };
      for (const domain of [
        marketDomain(world.chainId + 1, world.addresses.market),
        marketDomain(world.chainId, other),
        { ...marketDomain(world.chainId, world.addresses.market), name: "Wattline Meters" },
        { ...marketDomain(world.chainId, world.addresses.market), version: "2" },
      ]) {
        const signature = await jane.signer.signTypedData(domain, types, order);
        await wasNotSigned(order, accept(order, hex(signature)));
      }
    });

    describe("are void once a member is tampered with:", () => {
      interface Tampering {
        /** What the maker signs. */
        readonly signed?: () => Partial<Order>;
        /** What the taker makes of it: good in every way but that nobody signed it. */
        readonly tampered: () => Partial<Order>;
        /** What makes it good but for the signature. */
        readonly prepare?: () => Promise<unknown>;
      }

      const TAMPERINGS: Record<keyof Order, Tampering> = {
        maker: { tampered: () => ({ maker: carol.address }) },
        meter: { tampered: () => ({ meter: shed.device.address }) },
        microgrid: { tampered: () => ({ microgrid: 2 }), prepare: () => world.found() },
        side: { tampered: () => ({ side: 1 }) },
        sources: {
          signed: () => ({ sources: sourceMask("Wind") }),
          tampered: () => ({ sources: sourceMask("Wind", "Solar") }),
        },
        firstSlot: {
          signed: () => ({ firstSlot: START_SLOT + 1 }),
          tampered: () => ({ firstSlot: START_SLOT }),
        },
        lastSlot: {
          signed: () => ({ firstSlot: 0, lastSlot: START_SLOT - 1 }),
          tampered: () => ({ lastSlot: START_SLOT }),
        },
        energy: { signed: () => ({ energy: 9 }), tampered: () => ({ energy: 10 }) },
        price: { tampered: () => ({ price: 199_999n }) },
        forward: { signed: () => ({ forward: true }), tampered: () => ({ forward: false }) },
        bond: { tampered: () => ({ bond: 1n }) },
        counterparty: {
          signed: () => ({ counterparty: carol.address }),
          tampered: () => ({ counterparty: zeroAddress }),
        },
        nonce: { signed: () => ({ nonce: 5n }), tampered: () => ({ nonce: 6n }) },
        counter: {
          tampered: () => ({ counter: 1n }),
          prepare: () => marketAs(jane).cancelAll(world.addresses.euro),
        },
        deadline: {
          signed: () => ({ deadline: START }),
          tampered: () => ({ deadline: START + 86_400 }),
        },
      };

      for (const [member, { signed, tampered, prepare }] of Object.entries(TAMPERINGS)) {
        it(member, async () => {
          const order = world.order(roof, signed?.());
          const signature = await world.sign(order, jane);
          await prepare?.();
          const other = { ...order, ...tampered() };
          await wasNotSigned(other, accept(other, signature));
          expect(await fillOf(other)).to.deep.equal([0n, false]);
        });
      }
    });

    describe("are void once a member's word is dirty above its type:", () => {
      const BOND = ORDER_TYPES.Order.findIndex(({ name }) => name === "bond");

      /** Calldata that takes of the order, with the topmost bit of a member set, which no type of an order reaches. */
      async function dirtyCall(order: Order, member: number) {
        const signature = await world.sign(order, jane);
        const data = hex(
          world.marketplace.interface.encodeFunctionData("accept", [
            order,
            signature,
            world.take(slots(0, 1, 10n)),
          ]),
        );
        const at = 4 + 32 * member;
        const word = BigInt(slice(data, at, at + 32)) | (1n << 255n);
        return concat([slice(data, 0, at), numberToHex(word, { size: 32 }), slice(data, at + 32)]);
      }

      for (const [index, { name }] of ORDER_TYPES.Order.entries()) {
        it(name, async () => {
          const order = world.order(roof);
          const data = await dirtyCall(order, index);
          const attempt = bob.signer.sendTransaction({ to: world.addresses.market, data });
          await expect(attempt).to.be.revert(world.ethers);
          expect(await fillOf(order)).to.deep.equal([0n, false]);
        });
      }

      it("by the hash alone, where nothing else looks at the member", async () => {
        const data = await dirtyCall(world.order(roof), BOND);
        await wasRefused(
          bob.signer.sendTransaction({ to: world.addresses.market, data }),
          "Orders_BadSignature",
        );
      });

      it("but a clean one passes the same way", async () => {
        const order = world.order(roof);
        const data = world.marketplace.interface.encodeFunctionData("accept", [
          order,
          await world.sign(order, jane),
          world.take(slots(0, 1, 10n)),
        ]);
        await bob.signer.sendTransaction({ to: world.addresses.market, data });
        expect(await fillOf(order)).to.deep.equal([10n, false]);
      });
    });
  });

  describe("of contract wallets (ERC-1271)", () => {
    /** A wallet whose key is Carol's, with a meter, 500 Wh in each slot, and money in escrow. */
    async function walletOnTheStreet() {
      const contract = await world.ethers.deployContract("ContractWallet");
      await contract.setUp(carol.address, RIGHT);
      const address = getAddress(await contract.getAddress());
      const meter = await world.meter({ name: "wallet", address, signer: carol.signer });
      await world.report(meter, slots(0, 8, 500n));

      const execute = (data: string, to: Address = world.addresses.market) =>
        contract.execute(to, data);
      await world.euro.mint(address, 100n * EURO);
      const { interface: euro } = world.euro;
      await execute(
        euro.encodeFunctionData("approve", [world.addresses.market, 100n * EURO]),
        world.addresses.euro,
      );
      const { interface: market } = world.marketplace;
      await execute(market.encodeFunctionData("deposit", [world.addresses.euro, 100n * EURO]));
      return { contract, address, meter, execute };
    }
    let wallet: Awaited<ReturnType<typeof walletOnTheStreet>>;
    beforeEach(async () => {
      wallet = await world.networkHelpers.loadFixture(walletOnTheStreet);
    });

    const moneyOf = async (holder: Address) =>
      (await world.marketplace.accountOf(world.addresses.euro, holder)).balance;

    it("sell and buy", async () => {
      const offer = world.order(wallet.meter);
      await accept(offer, await world.sign(offer, carol));
      expect(await fillOf(offer)).to.deep.equal([10n, false]);
      expect(await moneyOf(wallet.address)).to.equal(100n * EURO + 2_000n);

      const bid = world.order(wallet.meter, { side: 1 });
      await accept(bid, await world.sign(bid, carol), { wh: 5n, by: jane });
      expect(await fillOf(bid)).to.deep.equal([5n, false]);
      expect(await moneyOf(wallet.address)).to.equal(100n * EURO + 1_000n);
    });

    it("take others' orders, cancel their own and withdraw", async () => {
      const { interface: market } = world.marketplace;
      const offer = world.order(roof);
      const signature = await world.sign(offer, jane);
      const take = world.take(slots(0, 1, 10n));
      await wallet.execute(market.encodeFunctionData("accept", [offer, signature, take]));
      expect(await fillOf(offer)).to.deep.equal([10n, false]);

      const own = world.order(wallet.meter);
      await wallet.execute(market.encodeFunctionData("cancel", [[own.nonce]]));
      await wasRefused(accept(own, await world.sign(own, carol)), "Orders_IsCancelled").withArgs(
        wallet.address,
        own.nonce,
      );

      const rest = await moneyOf(wallet.address);
      const { euro } = world.addresses;
      await wallet.execute(market.encodeFunctionData("withdraw", [euro, rest, carol.address]));
      expect(await world.euro.balanceOf(carol.address)).to.equal(rest);
    });

    it("are asked with a signature of any length", async () => {
      // The test wallet itself only knows 65 bytes; what matters is who refuses.
      const offer = world.order(wallet.meter);
      for (const signature of ["0x", "0x1234"] as const) {
        await wasNotSigned(offer, accept(offer, signature));
      }
    });

    // Two and three of 65 bytes are as long as bulk signatures of two and four levels.
    it("are asked with the signatures of several owners, one behind the other", async () => {
      for (const owners of [1, 2, 3, 4]) {
        const offer = world.order(wallet.meter);
        const signature = await world.sign(offer, carol);
        await accept(offer, concat(Array<Hex>(owners).fill(signature)));
        expect(await fillOf(offer)).to.deep.equal([10n, false]);
      }
    });

    it("are refused when one of several owners signed another order", async () => {
      for (const owners of [2, 3]) {
        const offer = world.order(wallet.meter);
        const cheaper = await world.sign({ ...offer, price: 1n }, carol);
        const others = Array<Hex>(owners - 1).fill(await world.sign(offer, carol));
        await wasNotSigned(offer, accept(offer, concat([...others, cheaper])));
      }
    });

    it("are refused when the wallet's key signed another order", async () => {
      const offer = world.order(wallet.meter);
      const cheaper = { ...offer, price: offer.price - 1n };
      await wasNotSigned(cheaper, accept(cheaper, await world.sign(offer, carol)));
    });

    it("are refused when another key signed", async () => {
      const offer = world.order(wallet.meter);
      await wasNotSigned(offer, accept(offer, await world.sign(offer, bob)));
    });

    for (const [behaviour, answer] of Object.entries({
      "says no": WRONG,
      reverts: REVERT,
      "burns all gas": BURN_GAS,
    })) {
      it(`are refused when the wallet ${behaviour}`, async () => {
        const offer = world.order(wallet.meter);
        const signature = await world.sign(offer, carol);
        await wallet.contract.setUp(carol.address, answer);
        await wasNotSigned(offer, accept(offer, signature, { gasLimit: 10_000_000n }));
        await wallet.contract.setUp(carol.address, RIGHT);
        await accept(offer, signature);
      });
    }

    it("are refused when the maker is a contract that knows nothing of signatures", async () => {
      const offer = world.order(roof, { maker: world.addresses.euro });
      await wasNotSigned(offer, accept(offer, await world.sign(offer, jane)));
    });
  });

  describe("of accounts with a key that delegate to a contract (EIP-7702)", () => {
    /** Dora's account runs the wallet's code, in which Carol's key may sign for her. */
    async function delegated() {
      const key = new Wallet(`0x${"d0".repeat(32)}`, world.ethers.provider);
      const address = getAddress(key.address);
      await world.networkHelpers.setBalance(address, 10n ** 18n);
      const code = await (await world.ethers.deployContract("ContractWallet")).getAddress();
      const authorization = await key.authorize({ address: code, nonce: 1 });
      await key.sendTransaction({ type: 4, to: carol.address, authorizationList: [authorization] });

      const contract = await world.ethers.getContractAt("ContractWallet", address);
      await contract.setUp(carol.address, RIGHT);
      const meter = await world.meter({ name: "Dora", address, signer: carol.signer });
      await world.report(meter, slots(0, 8, 500n));
      return { key, contract, meter };
    }
    let dora: Awaited<ReturnType<typeof delegated>>;
    beforeEach(async () => {
      dora = await world.networkHelpers.loadFixture(delegated);
    });

    const signWithOwnKey = async (order: Order) =>
      hex(
        await dora.key.signTypedData(
          marketDomain(world.chainId, world.addresses.market),
          { Order: [...ORDER_TYPES.Order] },
          order,
        ),
      );

    it("run the contract's code", async () => {
      const code = await world.ethers.provider.getCode(dora.key.address);
      expect(code).to.match(/^0xef0100/);
    });

    it("are signed with the account's own key, whatever the code says", async () => {
      for (const answer of [RIGHT, WRONG, REVERT, BURN_GAS]) {
        await dora.contract.setUp(carol.address, answer);
        const offer = world.order(dora.meter);
        await accept(offer, await signWithOwnKey(offer));
        expect(await fillOf(offer)).to.deep.equal([10n, false]);
      }
    });

    it("are signed with a key that the code honours, and with no other", async () => {
      const offer = world.order(dora.meter);
      await wasNotSigned(offer, accept(offer, await world.sign(offer, bob)));
      await accept(offer, await world.sign(offer, carol));
      await dora.contract.setUp(bob.address, RIGHT);
      await wasNotSigned(offer, accept(offer, await world.sign(offer, carol)));
    });
  });

  describe("deadlines", () => {
    const setNextBlockTimestamp = (at: number) =>
      world.networkHelpers.time.setNextBlockTimestamp(at);
    const deadline = START + 100_000;

    it("are good for their last second", async () => {
      const order = world.order(roof, { deadline });
      const signature = await world.sign(order, jane);
      await setNextBlockTimestamp(deadline);
      await accept(order, signature);
      expect(await fillOf(order)).to.deep.equal([10n, false]);
    });

    it("are over a second later", async () => {
      const order = world.order(roof, { deadline });
      const signature = await world.sign(order, jane);
      await setNextBlockTimestamp(deadline + 1);
      await wasRefused(accept(order, signature), "Orders_Expired").withArgs(deadline, deadline + 1);
    });

    it("of zero were always over", async () => {
      const order = world.order(roof, { deadline: 0 });
      const signature = await world.sign(order, jane);
      await setNextBlockTimestamp(deadline);
      await wasRefused(accept(order, signature), "Orders_Expired").withArgs(0n, deadline);
    });
  });

  describe("fills", () => {
    it("add up to what was signed, and not one Wh more", async () => {
      const order = world.order(roof, { energy: 100 });
      await signAndAccept(order, { wh: 60n });
      expect(await fillOf(order)).to.deep.equal([60n, false]);
      await wasRefused(signAndAccept(order, { wh: 41n }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        40n,
        41n,
      );
      await signAndAccept(order, { wh: 39n });
      await signAndAccept(order, { wh: 1n });
      expect(await fillOf(order)).to.deep.equal([100n, false]);
      await wasRefused(signAndAccept(order, { wh: 1n }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        0n,
        1n,
      );
    });

    it("may come all at once", async () => {
      const order = world.order(roof, { energy: 100 });
      await signAndAccept(order, { wh: 100n });
      expect(await fillOf(order)).to.deep.equal([100n, false]);
    });

    it("of one Wh too many are refused at once", async () => {
      const order = world.order(roof, { energy: 100 });
      await wasRefused(signAndAccept(order, { wh: 101n }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        100n,
        101n,
      );
    });

    it("are shared by all takers", async () => {
      await world.fund(carol, EURO);
      const order = world.order(roof, { energy: 100 });
      await signAndAccept(order, { wh: 60n, by: bob });
      await wasRefused(signAndAccept(order, { wh: 60n, by: carol }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        40n,
        60n,
      );
    });

    it("are shared by all orders with one nonce", async () => {
      const order = world.order(roof, { energy: 100 });
      await signAndAccept(order, { wh: 60n });
      const larger = { ...order, energy: 110 };
      const smaller = { ...order, energy: 50 };
      await wasRefused(signAndAccept(larger, { wh: 51n }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        50n,
        51n,
      );
      await wasRefused(signAndAccept(smaller, { wh: 1n }), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        0n,
        1n,
      );
    });

    it("of eight orders in one word keep apart", async () => {
      const nonces = [16n, 17n, 18n, 19n, 20n, 21n, 22n, 23n];
      for (const nonce of nonces) {
        await signAndAccept(world.order(roof, { nonce, energy: 50 }), { wh: nonce });
      }
      for (const nonce of [15n, ...nonces, 24n]) {
        const [filled] = await world.marketplace.fillOf(jane.address, nonce);
        expect(filled, `nonce ${nonce}`).to.equal(nonces.includes(nonce) ? nonce : 0n);
      }
    });

    it("of two makers with one nonce keep apart", async () => {
      await world.report(flat, slots(0, 1, 100n));
      const order = world.order(roof);
      const bobs = world.order(flat, { nonce: order.nonce });
      await signAndAccept(order, { wh: 7n });
      await accept(bobs, await world.sign(bobs, bob), { wh: 3n, by: jane });
      expect([await fillOf(order), await fillOf(bobs)]).to.deep.equal([
        [7n, false],
        [3n, false],
      ]);
    });

    it("go with the last nonce of all", async () => {
      const order = world.order(roof, { nonce: 2n ** 64n - 1n });
      await signAndAccept(order, { wh: 7n });
      expect(await fillOf(order)).to.deep.equal([7n, false]);
    });

    it("of an order above a lane end where the lane does", async () => {
      const plant = await world.meter(jane, { capacityW: 2 ** 32 - 1 });
      const mostWh = 2n ** 30n - 1n;
      await world.report(plant, slots(1, 3, mostWh));
      const order = world.order(plant, { energy: 2 ** 32 - 1, price: 0n });
      const signature = await world.sign(order, jane);
      const takeFrom = (slot: number, wh: bigint) =>
        marketAs(bob).accept(order, signature, world.take(slots(slot, 1, wh)));

      await takeFrom(1, mostWh);
      await takeFrom(2, mostWh);
      await wasRefused(takeFrom(3, 2n), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        1n,
        2n,
      );
      await takeFrom(3, 1n);
      expect(await fillOf(order)).to.deep.equal([LANE_MAX_WH, false]);
      await wasRefused(takeFrom(3, 1n), "Orders_Overfilled").withArgs(
        jane.address,
        order.nonce,
        0n,
        1n,
      );
    });
  });

  describe("cancelling", () => {
    it("ends an order before anything is filled", async () => {
      const order = world.order(roof);
      await expect(marketAs(jane).cancel([order.nonce]))
        .to.emit(world.marketplace, "Cancelled")
        .withArgs(jane.address, order.nonce);
      expect(await fillOf(order)).to.deep.equal([0n, true]);
      await wasRefused(signAndAccept(order), "Orders_IsCancelled").withArgs(
        jane.address,
        order.nonce,
      );
    });

    it("ends an order that is partly filled, and keeps what is", async () => {
      const order = world.order(roof);
      await signAndAccept(order, { wh: 60n });
      await marketAs(jane).cancel([order.nonce]);
      expect(await fillOf(order)).to.deep.equal([60n, true]);
      await wasRefused(signAndAccept(order), "Orders_IsCancelled").withArgs(
        jane.address,
        order.nonce,
      );
    });

    it("ends several orders of a word and of others, and leaves their neighbours", async () => {
      const nonces = [30n, 31n, 32n, 33n, 34n, 35n, 39n, 40n];
      for (const nonce of nonces) {
        await signAndAccept(world.order(roof, { nonce }), { wh: nonce });
      }
      const cancelled = [31n, 33n, 34n, 39n];
      await marketAs(jane).cancel(cancelled);
      for (const nonce of nonces) {
        const order = world.order(roof, { nonce });
        expect(await fillOf(order)).to.deep.equal([nonce, cancelled.includes(nonce)]);
        if (cancelled.includes(nonce)) {
          await wasRefused(signAndAccept(order), "Orders_IsCancelled").withArgs(
            jane.address,
            nonce,
          );
        } else await signAndAccept(order);
      }
    });

    it("may be repeated", async () => {
      const order = world.order(roof);
      await signAndAccept(order, { wh: 60n });
      await marketAs(jane).cancel([order.nonce, order.nonce]);
      await marketAs(jane).cancel([order.nonce]);
      expect(await fillOf(order)).to.deep.equal([60n, true]);
    });

    it("ends nobody else's orders", async () => {
      const order = world.order(roof);
      await marketAs(bob).cancel([order.nonce]);
      await signAndAccept(order);
      expect(await fillOf(order)).to.deep.equal([10n, false]);
    });

    it("ends the last nonce of all", async () => {
      const order = world.order(roof, { nonce: 2n ** 64n - 1n });
      await marketAs(jane).cancel([order.nonce]);
      await wasRefused(signAndAccept(order), "Orders_IsCancelled").withArgs(
        jane.address,
        order.nonce,
      );
    });
  });

  describe("the counter", () => {
    const cancelAll = (by: Person, currency = world.addresses.euro) =>
      marketAs(by).cancelAll(currency);

    it("raised ends all that was signed before, and nothing signed after", async () => {
      const before = world.order(roof);
      await signAndAccept(before);
      await expect(cancelAll(jane))
        .to.emit(world.marketplace, "AllCancelled")
        .withArgs(world.addresses.euro, jane.address, 1n);
      await wasRefused(signAndAccept(before), "Orders_CounterRaised").withArgs(
        jane.address,
        0n,
        1n,
      );
      await signAndAccept(world.order(roof, { counter: 1n }));
    });

    it("raised again ends those too", async () => {
      await cancelAll(jane);
      await cancelAll(jane);
      await wasRefused(
        signAndAccept(world.order(roof, { counter: 1n })),
        "Orders_CounterRaised",
      ).withArgs(jane.address, 1n, 2n);
    });

    it("can't be signed in advance", async () => {
      await wasRefused(
        signAndAccept(world.order(roof, { counter: 1n })),
        "Orders_CounterRaised",
      ).withArgs(jane.address, 1n, 0n);
    });

    it("raised in another currency, or by another, ends nothing", async () => {
      const other = getAddress(await (await world.ethers.deployContract("TestEuro")).getAddress());
      await cancelAll(jane, other);
      await cancelAll(bob);
      await signAndAccept(world.order(roof));
    });

    it("raised leaves the money", async () => {
      await cancelAll(jane);
      const { balance, counter } = await world.marketplace.accountOf(
        world.addresses.euro,
        jane.address,
      );
      expect([balance, counter]).to.deep.equal([1_000n * EURO, 1n]);
    });
  });
});

import { expect } from "chai";
import { getAddress } from "viem";
import { signMandate } from "../support/mandates.ts";
import { neighbours, scene } from "../support/neighbours.ts";
import { DAY, LEVEL, type Person, START, slots } from "../support/world.ts";

const NO_SIGNATURE = [27, `0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`] as const;

describe("a currency", () => {
  const get = scene(async () => {
    const made = await neighbours();
    return { ...made, jane: made.jane.owner };
  });
  const market = (by: Person = get().jane) => get().world.marketplace.connect(by.signer);

  type Odd =
    | "FeeToken"
    | "GreedyToken"
    | "FalseToken"
    | "PausedToken"
    | "SilentToken"
    | "ReentrantToken"
    | "AnsweringToken"
    | "BoastingToken";

  /** A currency of which Jane has 10,000 base units, approved for the escrow. */
  async function odd(name: Odd) {
    const { world, jane } = get();
    const address = getAddress(await (await world.ethers.deployContract(name)).getAddress());
    // All of them have what a play currency has.
    const play = await world.ethers.getContractAt("SilentToken", address, jane.signer);
    await play.mint(jane.address, 10_000n);
    await play.approve(world.addresses.market, 10_000n);
    const held = async () => (await world.marketplace.accountOf(address, jane.address)).balance;
    return { address, held };
  }

  it("that keeps a part credits what arrived", async () => {
    const { address, held } = await odd("FeeToken");
    await market().deposit(address, 1_000n);
    expect(await held()).to.equal(990_000n);
  });

  it("that keeps all, says no or is paused credits nothing", async () => {
    const { world } = get();
    for (const [name, error] of [
      ["GreedyToken", "Escrow_NothingDeposited"],
      ["FalseToken", "SafeERC20FailedOperation"],
    ] as const) {
      const { address, held } = await odd(name);
      await expect(market().deposit(address, 1_000n)).to.be.revertedWithCustomError(
        world.marketplace,
        error,
      );
      expect(await held()).to.equal(0n);
    }
    const paused = await odd("PausedToken");
    const token = await world.ethers.getContractAt("PausedToken", paused.address);
    await expect(market().deposit(paused.address, 1n)).to.be.revertedWithCustomError(
      token,
      "PausedToken_Paused",
    );
  });

  it("of which there is more than accounts can hold fills them to the last unit", async () => {
    const { world, jane } = get();
    const { address, held } = await odd("SilentToken");
    // Accounts are kept in thousandths of a base unit.
    const most = (2n ** 120n - 1n) / 1_000n;
    const play = await world.ethers.getContractAt("SilentToken", address, jane.signer);
    await play.mint(jane.address, 2n * most);
    await play.approve(world.addresses.market, 2n * most);
    await market().deposit(address, most);
    expect(await held()).to.equal(1_000n * most);
    await expect(market().deposit(address, 1n))
      .to.be.revertedWithCustomError(world.marketplace, "Escrow_BalanceOverflow")
      .withArgs(most, 1);
  });

  it("that takes no permit lets nobody else bring in what the holder has approved", async () => {
    const { world, jane, stranger } = get();
    for (const name of ["AnsweringToken", "BoastingToken"] as const) {
      const { address, held } = await odd(name);
      const permit = [address, jane.address, 100n, START + DAY, ...NO_SIGNATURE] as const;
      const attempt = expect(market(stranger).depositWithPermit(...permit));
      if (name === "AnsweringToken") await attempt.to.be.revertedWithoutReason(world.ethers);
      else {
        await attempt.to.be
          .revertedWithCustomError(world.marketplace, "Escrow_NoPermit")
          .withArgs(address, jane.address);
      }
      expect(await held()).to.equal(0n);
      await market().depositWithPermit(...permit);
      expect(await held()).to.equal(100_000n);
    }
  });

  it("that answers nothing is deposited and withdrawn as any other", async () => {
    const { address, held } = await odd("SilentToken");
    const { jane } = get();
    await market().deposit(address, 1_000n);
    await market().withdraw(address, 400n, jane.address);
    expect(await held()).to.equal(600_000n);
  });

  it("that calls back is credited once, on every way in and out", async () => {
    const { world, jane, stranger } = get();
    const { address, held } = await odd("ReentrantToken");
    const token = await world.ethers.getContractAt("ReentrantToken", address);
    const encoded = world.marketplace.interface;
    const again = encoded.encodeFunctionData("deposit", [address, 1n]);
    const deadline = START + 10 * DAY;
    const withdrawal = {
      holder: jane.address,
      currency: address,
      amount: 1n,
      to: stranger.address,
      nonce: 0n,
      deadline,
    };
    const signature = await signMandate(world, jane, "Withdrawal", withdrawal);
    const ways = [
      again,
      encoded.encodeFunctionData("withdraw", [address, 1n, stranger.address]),
      encoded.encodeFunctionData("depositWithPermit", [
        address,
        jane.address,
        1n,
        0n,
        ...NO_SIGNATURE,
      ]),
      encoded.encodeFunctionData("withdrawFor", [
        jane.address,
        address,
        1n,
        stranger.address,
        deadline,
        signature,
      ]),
    ];
    const refusal = world.marketplace.interface.getError("ReentrancyGuardReentrantCall")?.selector;
    let expected = 0n;
    for (const way of ways) {
      await token.callBack(world.addresses.market, way);
      await expect(market().deposit(address, 100n))
        .to.emit(token, "CalledBack")
        .withArgs(false, refusal);
      expected += 100_000n;
      expect(await held()).to.equal(expected);
    }
    await token.callBack(world.addresses.market, again);
    await expect(
      market(stranger).withdrawFor(
        jane.address,
        address,
        1n,
        stranger.address,
        deadline,
        signature,
      ),
    )
      .to.emit(token, "CalledBack")
      .withArgs(false, refusal);
    expect(await held()).to.equal(expected - 1_000n);
  });

  it("with few decimals rounds nothing: 200 fills of 1 Wh cost what one of 200 Wh costs", async () => {
    const { world } = get();
    const microgrid = await world.found([{ ...LEVEL, price: 20n, fee: 0n }]);
    const [seller, buyer] = [await world.person(), await world.person()];
    const [sells, buys] = [
      await world.meter(seller, { microgrid }),
      await world.meter(buyer, { microgrid }),
    ];
    await world.fund(buyer, 1_000n);
    await world.passSlots(2);
    await world.report(sells, slots(0, 2, 200n));
    const bid = await world.bid(buys, { price: 20n });
    const before = await world.moneyOf(buyer);
    for (let i = 0; i < 200; i++) await world.accept(seller, bid, slots(0, 1, 1n), { microgrid });
    const cut = before - (await world.moneyOf(buyer));
    await world.accept(seller, bid, slots(1, 1, 200n), { microgrid });
    expect(cut).to.equal(4_000n);
    expect(before - cut - (await world.moneyOf(buyer))).to.equal(cut);
  });

  it("is withdrawn in whole base units; the dust stays in the account", async () => {
    const { world } = get();
    const microgrid = await world.found([{ ...LEVEL, fee: 0n }]);
    const seller = await world.meter(await world.person(), { microgrid });
    await world.passSlots(1);
    await world.report(seller, slots(0, 1, 1n));
    await world.accept(get().jane, await world.offer(seller, { price: 1_999n }), slots(0, 1, 1n), {
      microgrid,
    });
    const { owner } = seller;
    await expect(
      market(owner).withdraw(world.addresses.euro, 2n, owner.address),
    ).to.be.revertedWithCustomError(world.marketplace, "Escrow_InsufficientBalance");
    await market(owner).withdraw(world.addresses.euro, 1n, owner.address);
    expect(await world.moneyOf(owner)).to.equal(999n);
  });
});

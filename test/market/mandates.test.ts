import { FIRST_FIRM_NONCE } from "@wattline/sdk";
import { expect } from "chai";
import { type Address, getAddress, parseSignature, zeroAddress } from "viem";
import { authorizationFor, type MANDATE_TYPES, signMandate } from "../support/mandates.ts";
import { neighbours, scene } from "../support/neighbours.ts";
import { valuesOf } from "../support/structs.ts";
import { DAY, type Person, START } from "../support/world.ts";

const DEADLINE = START + DAY;

describe("what a household without ether does by signature", () => {
  const get = scene(async () => {
    const made = await neighbours();
    await made.world.passTo(START);
    return { ...made, jane: made.jane.owner, joe: made.joe.owner };
  });
  const market = (by: Person = get().stranger) => get().world.marketplace.connect(by.signer);
  const refused = (attempt: Promise<unknown>, error: string, ...args: readonly unknown[]) => {
    const expected = expect(attempt).to.be.revertedWithCustomError(get().world.marketplace, error);
    return args.length === 0 ? expected : expected.withArgs(...args);
  };
  const sign = async (
    type: keyof typeof MANDATE_TYPES,
    message: Readonly<Record<string, unknown>>,
    { by = get().jane, nonce = 0n, deadline = DEADLINE } = {},
  ) => signMandate(get().world, by, type, { ...message, nonce, deadline });
  const euro = () => get().world.addresses.euro;

  const withdrawal = (over: object = {}) => ({
    holder: get().jane.address,
    currency: euro(),
    amount: 1_000n,
    to: get().joe.address,
    ...over,
  });
  const withdraw = (signature: string, deadline = DEADLINE, over: object = {}) => {
    const { holder, currency, amount, to } = withdrawal(over);
    return market().withdrawFor(holder, currency, amount, to, deadline, signature);
  };

  it("takes its money out, once for each signature", async () => {
    const { world, jane, joe } = get();
    const before = await world.moneyOf(jane);
    const signature = await sign("Withdrawal", withdrawal());
    await withdraw(signature);
    expect(await world.euro.balanceOf(joe.address)).to.equal(1_000n);
    expect(before - (await world.moneyOf(jane))).to.equal(1_000_000n);
    expect(await world.marketplace.mandateNonceOf(jane.address)).to.equal(1n);
    await refused(withdraw(signature), "Mandates_BadSignature", jane.address);
    await withdraw(await sign("Withdrawal", withdrawal(), { nonce: 1n }));
  });

  it("signs every member itself, no delegate or lock's key for it, and up to a moment", async () => {
    const { jane, joe, stranger } = get();
    const signature = await sign("Withdrawal", withdrawal());
    for (const over of [
      { to: stranger.address },
      { amount: 1_001n },
      { holder: joe.address },
      { holder: zeroAddress },
    ]) {
      await refused(withdraw(signature, DEADLINE, over), "Mandates_BadSignature");
    }
    await refused(withdraw(signature, DEADLINE + 1), "Mandates_BadSignature");
    await market(jane).authorize(euro(), joe.address, 1_000_000n, DEADLINE);
    await market(jane).lock(euro(), stranger.address, joe.address, START + 10);
    const delegates = await sign("Withdrawal", withdrawal(), { by: joe });
    await refused(withdraw(delegates), "Mandates_BadSignature");
    await get().world.networkHelpers.time.setNextBlockTimestamp(DEADLINE + 1);
    await refused(withdraw(signature), "Mandates_Expired", DEADLINE, DEADLINE + 1);
    await refused(withdraw("0x", DEADLINE + 100), "Mandates_BadSignature");
  });

  it("can't take out what is locked, nor to nowhere", async () => {
    const { jane, joe } = get();
    await market(jane).lock(euro(), joe.address, zeroAddress, START + DAY);
    await refused(withdraw(await sign("Withdrawal", withdrawal())), "Escrow_Locked");
    const nowhere = { to: zeroAddress };
    const signature = await sign("Withdrawal", withdrawal(nowhere));
    await refused(withdraw(signature, DEADLINE, nowhere), "Escrow_BadRecipient", zeroAddress);
  });

  it("locks its money", async () => {
    const { world, jane, joe, stranger } = get();
    const until = START + 3 * DAY;
    const message = {
      holder: jane.address,
      currency: euro(),
      settler: joe.address,
      signer: stranger.address,
      until,
    };
    const signature = await sign("Locking", message);
    await expect(
      market().lockFor(
        jane.address,
        euro(),
        joe.address,
        stranger.address,
        until,
        DEADLINE,
        signature,
      ),
    )
      .to.emit(world.marketplace, "Locked")
      .withArgs(euro(), jane.address, joe.address, stranger.address, until);
    expect((await world.marketplace.accountOf(euro(), jane.address)).lockedUntil).to.equal(until);
  });

  it("lets a delegate sign", async () => {
    const { world, jane, joe } = get();
    const message = {
      maker: jane.address,
      currency: euro(),
      delegate: joe.address,
      amount: 5_000n,
      until: DEADLINE,
    };
    const authorize = (amount: bigint, signature: string) =>
      market().authorizeFor(
        jane.address,
        euro(),
        joe.address,
        amount,
        DEADLINE,
        DEADLINE,
        signature,
      );
    const signature = await sign("Authorization", message);
    await refused(authorize(5_001n, signature), "Mandates_BadSignature");
    await authorize(5_000n, signature);
    const allowance = await world.marketplace.allowanceOf(jane.address, euro(), joe.address);
    expect(valuesOf(allowance)).to.deep.equal([5_000_000n, BigInt(DEADLINE)]);
  });

  it("cancels its orders, one by one and all at once, but no firm one", async () => {
    const { world, jane } = get();
    const cancellation = (nonces: bigint[]) => ({ maker: jane.address, nonces });
    const cancel = (nonces: bigint[], signature: string) =>
      market().cancelFor(jane.address, nonces, DEADLINE, signature);
    const signature = await sign("Cancellation", cancellation([3n, 900n]));
    await refused(cancel([3n], signature), "Mandates_BadSignature");
    await cancel([3n, 900n], signature);
    const fills = [3n, 4n, 900n].map((nonce) => world.marketplace.fillOf(jane.address, nonce));
    expect((await Promise.all(fills)).map(({ cancelled }) => cancelled)).to.deep.equal([
      true,
      false,
      true,
    ]);
    const firm = await sign("Cancellation", cancellation([FIRST_FIRM_NONCE]), { nonce: 1n });
    await refused(cancel([FIRST_FIRM_NONCE], firm), "Orders_Firm", jane.address, FIRST_FIRM_NONCE);
    const all = await sign(
      "CancellationOfAll",
      { maker: jane.address, currency: euro() },
      { nonce: 1n },
    );
    await expect(market().cancelAllFor(jane.address, euro(), DEADLINE, all))
      .to.emit(world.marketplace, "AllCancelled")
      .withArgs(euro(), jane.address, 1n);
  });

  it("is done for nobody but who has signed it, whatever it is", async () => {
    const { jane, joe } = get();
    const by = { by: joe };
    const until = START + 3 * DAY;
    const [maker, currency] = [jane.address, euro()];
    const [settler, signer, delegate] = [joe.address, joe.address, joe.address];
    const locking = await sign("Locking", { holder: maker, currency, settler, signer, until }, by);
    const allowing = { maker, currency, delegate, amount: 5_000n, until };
    const authorization = await sign("Authorization", allowing, by);
    const cancellation = await sign("Cancellation", { maker, nonces: [3n] }, by);
    const ofAll = await sign("CancellationOfAll", { maker, currency }, by);
    for (const attempt of [
      market().lockFor(maker, currency, settler, signer, until, DEADLINE, locking),
      market().authorizeFor(maker, currency, delegate, 5_000n, until, DEADLINE, authorization),
      market().cancelFor(maker, [3n], DEADLINE, cancellation),
      market().cancelAllFor(maker, currency, DEADLINE, ofAll),
    ]) {
      await refused(attempt, "Mandates_BadSignature", maker);
    }
  });

  it("is asked as a contract wallet, too", async () => {
    const { world, jane, joe } = get();
    const wallet = await world.ethers.deployContract("ContractWallet");
    await wallet.setUp(jane.address, 0);
    const holder = getAddress(await wallet.getAddress());
    await world.euro.mint(holder, 2_000n);
    await wallet.execute(
      euro(),
      world.euro.interface.encodeFunctionData("approve", [world.addresses.market, 2_000n]),
    );
    await wallet.execute(
      world.addresses.market,
      world.marketplace.interface.encodeFunctionData("deposit", [euro(), 2_000n]),
    );
    const message = withdrawal({ holder });
    await refused(
      withdraw(await sign("Withdrawal", message, { by: joe }), DEADLINE, { holder }),
      "Mandates_BadSignature",
    );
    await withdraw(await sign("Withdrawal", message), DEADLINE, { holder });
    expect(await world.euro.balanceOf(joe.address)).to.equal(1_000n);
  });

  describe("brings money in", () => {
    const setUp = async () => {
      const { world } = get();
      const newcomer = await world.person();
      const token = await world.ethers.deployContract("TestEuro3009");
      await token.mint(newcomer.address, 10_000n);
      const address = getAddress(await token.getAddress());
      const authorized = (over: Readonly<Record<string, unknown>> = {}) =>
        authorizationFor(world, newcomer, { address, name: "Test Euro" }, over);
      const deposit = (
        signed: Awaited<ReturnType<typeof authorized>>,
        holder: string = newcomer.address,
      ) => {
        const { v = 27n, r, s } = parseSignature(signed.signature);
        const { value, validAfter, validBefore, nonce } = signed;
        return market().depositWithAuthorization(
          address,
          holder,
          value,
          validAfter,
          validBefore,
          nonce,
          v,
          r,
          s,
        );
      };
      const held = async () =>
        (await world.marketplace.accountOf(address, newcomer.address)).balance;
      return { token, address, newcomer, authorized, deposit, held };
    };

    it("by an ERC-3009 authorization that a stranger submits, once", async () => {
      const { world, stranger } = get();
      const { token, address, newcomer, authorized, deposit, held } = await setUp();
      const signed = await authorized();
      await expect(deposit(signed, stranger.address)).to.be.revertedWithCustomError(
        token,
        "TestEuro3009_Refused",
      );
      await expect(deposit(signed))
        .to.emit(world.marketplace, "Deposited")
        .withArgs(address, newcomer.address, 1_000n);
      expect(await held()).to.equal(1_000_000n);
      await expect(deposit(signed)).to.be.revertedWithCustomError(token, "TestEuro3009_Refused");
      await refused(
        deposit(await authorized({ value: 0n, nonce: `0x${"08".repeat(32)}` })),
        "Escrow_NothingDeposited",
        address,
      );
    });

    /** An ERC-2612 permit of 700 base units to the marketplace, as the last arguments of a call. */
    async function permitted(by: Person, token: Address, nonce = 0n) {
      const { world } = get();
      const signature = await by.key.signTypedData({
        domain: {
          name: "Test Euro",
          version: "1",
          chainId: world.chainId,
          verifyingContract: token,
        },
        types: {
          Permit: [
            { name: "owner", type: "address" },
            { name: "spender", type: "address" },
            { name: "value", type: "uint256" },
            { name: "nonce", type: "uint256" },
            { name: "deadline", type: "uint256" },
          ],
        },
        primaryType: "Permit",
        message: {
          owner: by.address,
          spender: world.addresses.market,
          value: 700n,
          nonce,
          deadline: BigInt(DEADLINE),
        },
      });
      const { v = 27n, r, s } = parseSignature(signature);
      return [700n, DEADLINE, v, r, s] as const;
    }

    it("by an ERC-2612 permit that a stranger submits, once, to its own account", async () => {
      const { world, stranger } = get();
      const { token, address, newcomer, held } = await setUp();
      const permit = await permitted(newcomer, address);
      for (const by of [newcomer, stranger]) {
        await expect(
          market(by).depositWithPermit(address, stranger.address, ...permit),
        ).to.be.revertedWithCustomError(
          token,
          by === stranger ? "ERC20InsufficientAllowance" : "ERC2612InvalidSigner",
        );
      }
      await expect(market().depositWithPermit(address, newcomer.address, ...permit))
        .to.emit(world.marketplace, "Deposited")
        .withArgs(address, newcomer.address, 700n);
      expect(await held()).to.equal(700_000n);
      await expect(
        market().depositWithPermit(address, newcomer.address, ...permit),
      ).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
      await market().depositWithPermit(
        address,
        newcomer.address,
        ...(await permitted(newcomer, address, 1n)),
      );
      expect(await held()).to.equal(1_400_000n);
    });

    it("by a permit that somebody else has spent only itself", async () => {
      const { world } = get();
      const { token, address, newcomer, held } = await setUp();
      const permit = await permitted(newcomer, address);
      const [amount, deadline, ...signature] = permit;
      await token.permit(newcomer.address, world.addresses.market, amount, deadline, ...signature);
      await expect(
        market().depositWithPermit(address, newcomer.address, ...permit),
      ).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
      await market(newcomer).depositWithPermit(address, newcomer.address, ...permit);
      expect(await held()).to.equal(700_000n);
      await expect(
        market(newcomer).depositWithPermit(address, newcomer.address, ...permit),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
    });
  });
});

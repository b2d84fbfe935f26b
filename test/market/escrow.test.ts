import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { type Address, type Hex, parseSignature, zeroAddress } from "viem";
import { runs } from "../support/runs.ts";
import { createWorld, EURO, type Person, slots, type World } from "../support/world.ts";

const BALANCE_MAX = 2n ** 128n - 1n;
const NO_SIGNATURE = { v: 27, r: `0x${"11".repeat(32)}`, s: `0x${"22".repeat(32)}` } as const;

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

describe("Escrow", () => {
  let world: World;
  let jane: Person;
  let john: Person;
  let clean: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    jane = world.person("Jane");
    john = world.person("John");
    clean = await world.networkHelpers.takeSnapshot();
  });
  after(() => world.close());

  /** A test in which nobody has any money yet. */
  function fresh(title: string, run: (world: World) => Promise<void>) {
    it(title, async () => {
      await clean.restore();
      await run(world);
    });
  }

  const as = (who: Person) => world.marketplace.connect(who.signer);

  async function balanceOf(who: Person | Address, currency: Address = world.addresses.euro) {
    const holder = typeof who === "string" ? who : who.address;
    return (await world.marketplace.accountOf(currency, holder)).balance;
  }

  /** Money in the wallet, approved for the escrow. */
  async function give(who: Person, amount: bigint): Promise<void> {
    await world.euro.mint(who.address, amount);
    await world.euro.connect(who.signer).approve(world.addresses.market, amount);
  }

  describe("deposits", () => {
    fresh("credit the sender", async ({ euro, marketplace, addresses }) => {
      await give(jane, 7n * EURO);
      await expect(as(jane).deposit(addresses.euro, 5n * EURO))
        .to.emit(marketplace, "Deposited")
        .withArgs(addresses.euro, jane.address, 5n * EURO);
      await as(jane).deposit(addresses.euro, 2n * EURO);
      expect(await balanceOf(jane)).to.equal(7n * EURO);
      expect(await balanceOf(john)).to.equal(0n);
      expect(await euro.balanceOf(addresses.market)).to.equal(7n * EURO);
    });

    fresh("need the sender's own approval", async ({ euro, addresses }) => {
      await give(jane, 5n * EURO);
      await expect(as(john).deposit(addresses.euro, EURO))
        .to.be.revertedWithCustomError(euro, "ERC20InsufficientAllowance")
        .withArgs(addresses.market, 0n, EURO);
    });

    fresh("of nothing are refused", async ({ marketplace, addresses }) => {
      await expect(as(jane).deposit(addresses.euro, 0n))
        .to.be.revertedWithCustomError(marketplace, "Escrow_NothingDeposited")
        .withArgs(addresses.euro);
    });

    fresh("of what is no token are refused", async ({ ethers }) => {
      await expect(as(jane).deposit(john.address, EURO)).to.be.revertedWithoutReason(ethers);
    });

    fresh("fill an account to 2^128 - 1 base units and no further", async (w) => {
      await give(jane, BALANCE_MAX + 1n);
      await expect(as(jane).deposit(w.addresses.euro, BALANCE_MAX + 1n))
        .to.be.revertedWithCustomError(w.marketplace, "Escrow_BalanceOverflow")
        .withArgs(0n, BALANCE_MAX + 1n);
      await as(jane).deposit(w.addresses.euro, BALANCE_MAX);
      await expect(as(jane).deposit(w.addresses.euro, 1n))
        .to.be.revertedWithCustomError(w.marketplace, "Escrow_BalanceOverflow")
        .withArgs(BALANCE_MAX, 1n);
      expect(await balanceOf(jane)).to.equal(BALANCE_MAX);
      await as(jane).withdraw(w.addresses.euro, BALANCE_MAX, jane.address);
    });
  });

  describe("deposits with a permit", () => {
    interface Permit {
      readonly v: number;
      readonly r: Hex;
      readonly s: Hex;
      readonly deadline: bigint;
    }

    async function permit(by: Person, amount: bigint, lifetimeSeconds = 600): Promise<Permit> {
      const now = await world.networkHelpers.time.latest();
      const deadline = BigInt(now + lifetimeSeconds);
      const signature = await by.signer.signTypedData(
        {
          name: "Test Euro",
          version: "1",
          chainId: world.chainId,
          verifyingContract: world.addresses.euro,
        },
        PERMIT_TYPES,
        {
          owner: by.address,
          spender: world.addresses.market,
          value: amount,
          nonce: await world.euro.nonces(by.address),
          deadline,
        },
      );
      const { r, s, yParity } = parseSignature(`0x${signature.slice(2)}`);
      return { v: 27 + yParity, r, s, deadline };
    }

    const depositWith = (who: Person, amount: bigint, { deadline, v, r, s }: Permit) =>
      as(who).depositWithPermit(world.addresses.euro, amount, deadline, v, r, s);

    const expectNoAllowance = (deposit: Promise<unknown>, amount: bigint) =>
      expect(deposit)
        .to.be.revertedWithCustomError(world.euro, "ERC20InsufficientAllowance")
        .withArgs(world.addresses.market, 0n, amount);

    fresh("need no approval", async ({ euro, addresses }) => {
      await euro.mint(jane.address, 5n * EURO);
      await depositWith(jane, 5n * EURO, await permit(jane, 5n * EURO));
      expect(await balanceOf(jane)).to.equal(5n * EURO);
      expect(await euro.allowance(jane.address, addresses.market)).to.equal(0n);
    });

    fresh("are refused when it has expired", async ({ euro }) => {
      await euro.mint(jane.address, EURO);
      await expectNoAllowance(depositWith(jane, EURO, await permit(jane, EURO, -1)), EURO);
    });

    fresh("are refused when somebody else signed it", async ({ euro }) => {
      await euro.mint(jane.address, EURO);
      await euro.mint(john.address, EURO);
      await expectNoAllowance(depositWith(john, EURO, await permit(jane, EURO)), EURO);
    });

    fresh("are refused when it is for less", async ({ euro }) => {
      await euro.mint(jane.address, 2n * EURO);
      await expectNoAllowance(depositWith(jane, 2n * EURO, await permit(jane, EURO)), 2n * EURO);
    });

    fresh("work when a front-runner has spent it already", async ({ euro, addresses }) => {
      await euro.mint(jane.address, EURO);
      const signed = await permit(jane, EURO);
      await euro
        .connect(john.signer)
        .permit(
          jane.address,
          addresses.market,
          EURO,
          signed.deadline,
          signed.v,
          signed.r,
          signed.s,
        );
      await depositWith(jane, EURO, signed);
      expect(await balanceOf(jane)).to.equal(EURO);
    });

    fresh("can't be made twice with one permit", async ({ euro }) => {
      await euro.mint(jane.address, 2n * EURO);
      const signed = await permit(jane, EURO);
      await depositWith(jane, EURO, signed);
      await expectNoAllowance(depositWith(jane, EURO, signed), EURO);
    });

    fresh(
      "fall back to an approval in a currency without permits",
      async ({ ethers, addresses }) => {
        const silent = await ethers.deployContract("SilentToken");
        const currency = await silent.getAddress();
        await silent.mint(jane.address, 5n);
        await silent.connect(jane.signer).approve(addresses.market, 5n);
        const { v, r, s } = NO_SIGNATURE;
        await as(jane).depositWithPermit(currency, 5n, 2n ** 256n - 1n, v, r, s);
        expect((await world.marketplace.accountOf(currency, jane.address)).balance).to.equal(5n);
      },
    );

    fresh("go together with other calls, all or none", async ({ euro, marketplace, addresses }) => {
      const { interface: calls } = marketplace;
      const deposit = (amount: bigint) =>
        calls.encodeFunctionData("deposit", [addresses.euro, amount]);
      const cancel = calls.encodeFunctionData("cancelAll", [addresses.euro]);
      await expectNoAllowance(as(jane).multicall([cancel, deposit(EURO)]), EURO);
      expect(await marketplace.accountOf(addresses.euro, jane.address)).to.deep.equal([0n, 0n, 0n]);

      await euro.mint(jane.address, 5n * EURO);
      const { deadline, v, r, s } = await permit(jane, 5n * EURO);
      const permitted = calls.encodeFunctionData("depositWithPermit", [
        addresses.euro,
        5n * EURO,
        deadline,
        v,
        r,
        s,
      ]);
      await as(jane).multicall([permitted, cancel]);
      expect(await marketplace.accountOf(addresses.euro, jane.address)).to.deep.equal([
        5n * EURO,
        1n,
        0n,
      ]);

      await give(jane, 3n * EURO);
      await as(jane).multicall([deposit(EURO), deposit(2n * EURO)]);
      expect(await balanceOf(jane)).to.equal(8n * EURO);
    });
  });

  describe("withdrawals", () => {
    fresh("go to whom the holder names", async ({ euro, marketplace, addresses, fund }) => {
      await fund(jane, 5n * EURO);
      await expect(as(jane).withdraw(addresses.euro, 2n * EURO, john.address))
        .to.emit(marketplace, "Withdrawn")
        .withArgs(addresses.euro, jane.address, john.address, 2n * EURO);
      expect(await balanceOf(jane)).to.equal(3n * EURO);
      expect(await balanceOf(john)).to.equal(0n);
      expect(await euro.balanceOf(john.address)).to.equal(2n * EURO);
    });

    fresh(
      "never go to nobody or to the escrow itself",
      async ({ marketplace, addresses, fund }) => {
        await fund(jane, EURO);
        for (const to of [zeroAddress, addresses.market]) {
          await expect(as(jane).withdraw(addresses.euro, EURO, to))
            .to.be.revertedWithCustomError(marketplace, "Escrow_BadRecipient")
            .withArgs(to);
        }
      },
    );

    fresh("take no more than the holder's own", async ({ marketplace, addresses, fund }) => {
      await fund(jane, 5n * EURO);
      await fund(john, 5n * EURO);
      await expect(as(jane).withdraw(addresses.euro, 5n * EURO + 1n, jane.address))
        .to.be.revertedWithCustomError(marketplace, "Escrow_InsufficientBalance")
        .withArgs(addresses.euro, jane.address, 5n * EURO, 5n * EURO + 1n);
      await as(jane).withdraw(addresses.euro, 5n * EURO, jane.address);
      await expect(as(jane).withdraw(addresses.euro, 1n, jane.address))
        .to.be.revertedWithCustomError(marketplace, "Escrow_InsufficientBalance")
        .withArgs(addresses.euro, jane.address, 0n, 1n);
    });

    fresh("keep currencies apart", async ({ ethers, marketplace, addresses, fund }) => {
      const other = await ethers.deployContract("TestEuro");
      const currency = await other.getAddress();
      await fund(jane, EURO);
      await other.mint(addresses.market, EURO);
      await expect(as(jane).withdraw(currency, 1n, jane.address))
        .to.be.revertedWithCustomError(marketplace, "Escrow_InsufficientBalance")
        .withArgs(currency, jane.address, 0n, 1n);
    });
  });

  describe("a lock", () => {
    const DAY = 86_400;
    const YEAR = 365 * DAY;
    const euro = () => world.addresses.euro;
    const lock = (who: Person, until: number) => as(who).lock(euro(), until);
    const withdraw = (who: Person, amount: bigint) => as(who).withdraw(euro(), amount, who.address);
    const lockOf = async (who: Person) =>
      (await world.marketplace.accountOf(euro(), who.address)).lockedUntil;
    /** The next transaction's time, a little after the last one's. */
    async function nextTime(seconds = 10) {
      const at = (await world.networkHelpers.time.latest()) + seconds;
      await world.networkHelpers.time.setNextBlockTimestamp(at);
      return at;
    }

    fresh("is announced, and keeps the money where it is", async (w) => {
      await w.fund(jane, 5n * EURO);
      const until = (await nextTime()) + DAY;
      await expect(lock(jane, until))
        .to.emit(w.marketplace, "Locked")
        .withArgs(euro(), jane.address, until);
      expect(await w.marketplace.accountOf(euro(), jane.address)).to.deep.equal([
        5n * EURO,
        0n,
        BigInt(until),
      ]);
      for (const amount of [1n, 5n * EURO]) {
        await expect(withdraw(jane, amount))
          .to.be.revertedWithCustomError(w.marketplace, "Escrow_Locked")
          .withArgs(euro(), jane.address, until);
      }
    });

    fresh("holds to its last second, and ends in the very next", async (w) => {
      await w.fund(jane, 5n * EURO);
      const until = (await nextTime()) + DAY;
      await lock(jane, until);
      await w.networkHelpers.time.setNextBlockTimestamp(until - 1);
      await expect(withdraw(jane, 1n))
        .to.be.revertedWithCustomError(w.marketplace, "Escrow_Locked")
        .withArgs(euro(), jane.address, until);
      await w.networkHelpers.time.setNextBlockTimestamp(until);
      await withdraw(jane, 5n * EURO);
      expect(await balanceOf(jane)).to.equal(0n);
    });

    fresh("can be prolonged, never shortened", async (w) => {
      const until = (await nextTime()) + DAY;
      await lock(jane, until);
      for (const earlier of [0, until - 1, until]) {
        await expect(lock(jane, earlier))
          .to.be.revertedWithCustomError(w.marketplace, "Escrow_BadLock")
          .withArgs(earlier, until);
      }
      await lock(jane, until + 1);
      expect(await lockOf(jane)).to.equal(until + 1);
    });

    fresh("that is over may be followed by another", async (w) => {
      const until = (await nextTime()) + DAY;
      await lock(jane, until);
      await w.networkHelpers.time.setNextBlockTimestamp(until + 10);
      await lock(jane, until + 20);
      expect(await lockOf(jane)).to.equal(until + 20);
    });

    fresh("lasts a year at most from now", async (w) => {
      const now = await nextTime();
      await expect(lock(jane, now + YEAR + 1))
        .to.be.revertedWithCustomError(w.marketplace, "Escrow_BadLock")
        .withArgs(now + YEAR + 1, 0n);
      const later = await nextTime();
      await lock(jane, later + YEAR);
      expect(await lockOf(jane)).to.equal(later + YEAR);
    });

    fresh("of no end at all is refused", async (w) => {
      const forever = 2n ** 64n - 1n;
      await expect(as(jane).lock(euro(), forever))
        .to.be.revertedWithCustomError(w.marketplace, "Escrow_BadLock")
        .withArgs(forever, 0n);
    });

    fresh("is each holder's and each currency's own", async (w) => {
      const other = await w.ethers.deployContract("TestEuro");
      const currency = await other.getAddress();
      await other.mint(jane.address, EURO);
      await other.connect(jane.signer).approve(w.addresses.market, EURO);
      await as(jane).deposit(currency, EURO);
      await w.fund(john, EURO);
      await lock(jane, (await nextTime()) + DAY);
      await as(jane).withdraw(currency, EURO, jane.address);
      await withdraw(john, EURO);
      expect(await balanceOf(john)).to.equal(0n);
    });

    fresh("lets deposits, cancelling and trades go on", async (w) => {
      await w.found();
      const roof = await w.meter(john);
      await w.passSlots(1);
      await w.report(roof, slots(0, 1, 1_000n));
      await w.fund(jane, EURO);
      const until = (await nextTime()) + DAY;
      await lock(jane, until);
      await w.fund(jane, EURO);
      await as(jane).cancelAll(euro());

      const order = w.order(roof);
      await as(jane).accept(order, await w.sign(order, john), w.take(slots(0, 1, 1_000n)));
      expect(await w.marketplace.accountOf(euro(), jane.address)).to.deep.equal([
        2n * EURO - 200_000n,
        1n,
        BigInt(until),
      ]);
      expect(await balanceOf(john)).to.equal(200_000n);
      await withdraw(john, 200_000n);
    });
  });

  describe("cancelling everything", () => {
    fresh("raises the counter and leaves the money", async ({ marketplace, addresses, fund }) => {
      await fund(jane, 5n * EURO);
      for (const counter of [1n, 2n]) {
        await expect(as(jane).cancelAll(addresses.euro))
          .to.emit(marketplace, "AllCancelled")
          .withArgs(addresses.euro, jane.address, counter);
        expect(await marketplace.accountOf(addresses.euro, jane.address)).to.deep.equal([
          5n * EURO,
          counter,
          0n,
        ]);
      }
      await as(jane).withdraw(addresses.euro, 5n * EURO, jane.address);
      expect((await marketplace.accountOf(addresses.euro, jane.address)).counter).to.equal(2n);
    });

    fresh("is each holder's and each currency's own", async ({ marketplace, addresses }) => {
      await as(jane).cancelAll(addresses.euro);
      const untouched = [
        await marketplace.accountOf(addresses.euro, john.address),
        await marketplace.accountOf(addresses.meters, jane.address),
      ];
      expect(untouched.map(({ counter }) => counter)).to.deep.equal([0n, 0n]);
    });
  });

  describe("odd currencies", () => {
    async function odd(name: "FeeToken" | "GreedyToken" | "FalseToken" | "PausedToken") {
      const deployed = await world.ethers.deployContract(name);
      const token = await world.ethers.getContractAt("OddToken", await deployed.getAddress());
      await token.mint(jane.address, 1_000n);
      await token.connect(jane.signer).approve(world.addresses.market, 1_000n);
      return { token, currency: await token.getAddress() };
    }

    fresh("with a fee on transfer credit what arrives", async ({ marketplace, addresses }) => {
      const { token, currency } = await odd("FeeToken");
      await expect(as(jane).deposit(currency, 1_000n))
        .to.emit(marketplace, "Deposited")
        .withArgs(currency, jane.address, 990n);
      expect(await token.balanceOf(addresses.market)).to.equal(990n);
      await as(jane).withdraw(currency, 990n, jane.address);
      expect(await token.balanceOf(addresses.market)).to.equal(0n);
    });

    fresh("of which nothing arrives credit nothing", async ({ marketplace }) => {
      const { currency } = await odd("GreedyToken");
      await expect(as(jane).deposit(currency, 1_000n))
        .to.be.revertedWithCustomError(marketplace, "Escrow_NothingDeposited")
        .withArgs(currency);
    });

    fresh("that return nothing, like USDT, come in and go out", async ({ ethers, addresses }) => {
      const silent = await ethers.deployContract("SilentToken");
      const currency = await silent.getAddress();
      await silent.mint(jane.address, 1_000n);
      await silent.connect(jane.signer).approve(addresses.market, 1_000n);
      await as(jane).deposit(currency, 1_000n);
      await as(jane).withdraw(currency, 400n, john.address);
      expect(await silent.balanceOf(addresses.market)).to.equal(600n);
      expect(await silent.balanceOf(john.address)).to.equal(400n);
      expect((await world.marketplace.accountOf(currency, jane.address)).balance).to.equal(600n);
    });

    fresh("that answer false credit nothing", async ({ marketplace }) => {
      const { currency } = await odd("FalseToken");
      await expect(as(jane).deposit(currency, 1_000n))
        .to.be.revertedWithCustomError(marketplace, "SafeERC20FailedOperation")
        .withArgs(currency);
    });

    fresh("that revert say why", async ({ ethers }) => {
      const { currency } = await odd("PausedToken");
      const paused = await ethers.getContractAt("PausedToken", currency);
      await expect(as(jane).deposit(currency, 1_000n)).to.be.revertedWithCustomError(
        paused,
        "PausedToken_Paused",
      );
    });

    describe("that call back", () => {
      async function reentrant() {
        const token = await world.ethers.deployContract("ReentrantToken");
        const currency = await token.getAddress();
        await token.mint(jane.address, 1_000n);
        await token.mint(currency, 1_000n);
        await token.connect(jane.signer).approve(world.addresses.market, 1_000n);
        const refusal = world.marketplace.interface.encodeErrorResult(
          "ReentrancyGuardReentrantCall",
          [],
        );
        const credits = async () =>
          (await world.marketplace.accountOf(currency, jane.address)).balance +
          (await world.marketplace.accountOf(currency, currency)).balance;
        return { token, currency, refusal, credits };
      }

      fresh("are not credited twice for one arrival", async ({ marketplace, addresses }) => {
        const { token, currency, refusal, credits } = await reentrant();
        const again = marketplace.interface.encodeFunctionData("deposit", [currency, 500n]);
        await token.callBack(addresses.market, again);
        await expect(as(jane).deposit(currency, 1_000n))
          .to.emit(token, "CalledBack")
          .withArgs(false, refusal);
        expect(await credits()).to.equal(1_000n);
        expect(await token.balanceOf(addresses.market)).to.equal(1_000n);
      });

      fresh("do not withdraw while a deposit or a withdrawal runs", async (w) => {
        const { token, currency, refusal, credits } = await reentrant();
        await token.deposit(w.addresses.market, 500n);
        const withdrawal = w.marketplace.interface.encodeFunctionData("withdraw", [
          currency,
          500n,
          john.address,
        ]);
        for (const run of [
          () => as(jane).deposit(currency, 1_000n),
          () => as(jane).withdraw(currency, 300n, jane.address),
        ]) {
          await token.callBack(w.addresses.market, withdrawal);
          await expect(run()).to.emit(token, "CalledBack").withArgs(false, refusal);
          expect(await token.balanceOf(w.addresses.market)).to.equal(await credits());
        }
        expect(await credits()).to.equal(1_200n);
      });
    });
  });

  it("holds exactly what the accounts say, whatever holders do", async () => {
    await clean.restore();
    const { ethers, marketplace, addresses } = world;
    const tokens = [
      await ethers.deployContract("TestEuro"),
      await ethers.deployContract("FeeToken"),
      await ethers.deployContract("SilentToken"),
    ];
    const holders = [jane, john, world.operator, world.dso];
    for (const token of tokens) {
      for (const { address, signer } of holders) {
        await token.mint(address, 1_000_000n);
        await token.connect(signer).approve(addresses.market, 2n ** 256n - 1n);
      }
    }
    const start = await world.networkHelpers.takeSnapshot();

    const step = fc.record({
      kind: fc.constantFrom("deposit", "deposit", "withdraw", "withdraw", "cancelAll"),
      token: fc.constantFrom(...tokens),
      who: fc.constantFrom(...holders),
      to: fc.constantFrom(...holders.map(({ address }) => address), zeroAddress, addresses.market),
      amount: fc.oneof(fc.bigInt(0n, 1_000n), fc.constantFrom(99n, 100n, 1_000_000n, BALANCE_MAX)),
    });
    let refused = 0;
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 20 }), async (steps) => {
        await start.restore();
        for (const { kind, token, who, to, amount } of steps) {
          const currency = await token.getAddress();
          const call = {
            deposit: () => as(who).deposit(currency, amount),
            withdraw: () => as(who).withdraw(currency, amount, to),
            cancelAll: () => as(who).cancelAll(currency),
          }[kind];
          await call?.().then(
            () => done++,
            () => refused++,
          );
          let credited = 0n;
          for (const { address } of holders) {
            credited += (await marketplace.accountOf(currency, address)).balance;
          }
          expect(await token.balanceOf(addresses.market)).to.equal(credited);
        }
      }),
      { ...runs(25), endOnFailure: true },
    );
    expect(done).to.be.greaterThan(0);
    expect(refused).to.be.greaterThan(0);
  }).timeout(0);
});

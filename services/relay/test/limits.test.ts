import { clientAddress, trustedProxies } from "@wattline/common/clientAddress";
import { expect } from "chai";
import { describe, it } from "mocha";
import { accountable, Buckets } from "../src/limits/bucket.ts";
import { FairQueue, QueueFullError } from "../src/limits/fairQueue.ts";

describe("Requests of an address", () => {
  it("are answered in a burst, then at a steady rate, whatever others do", () => {
    let now = 0;
    const buckets = new Buckets({ burst: 3, perSecond: 2 }, () => now);
    expect([1, 2, 3].map(() => buckets.take("a"))).to.deep.equal([0, 0, 0]);
    expect(buckets.take("a")).to.equal(0.5);
    expect(buckets.take("b")).to.equal(0);
    now += 500;
    expect(buckets.take("a")).to.equal(0);
    expect(buckets.take("a")).to.be.greaterThan(0);
  });

  it("are forgotten after a while", () => {
    let now = 0;
    const buckets = new Buckets({ burst: 2, perSecond: 1 }, () => now);
    for (let i = 0; i < 1_000; i++) buckets.take(`${i}`);
    expect(buckets.size).to.equal(1_000);
    now += 10_000;
    for (let i = 0; i < 200; i++) buckets.take("again");
    expect(buckets.size).to.equal(1);
  });

  it("are counted for an IPv4 address or an IPv6 network", () => {
    expect(accountable("::ffff:192.0.2.7")).to.equal("192.0.2.7");
    expect(accountable("192.0.2.7")).to.equal("192.0.2.7");
    expect(accountable("2001:db8:1:2:3:4:5:6")).to.equal("2001:db8:1:2::/64");
    expect(accountable("2001:0db8:1:2::9")).to.equal("2001:db8:1:2::/64");
    expect(accountable("::1")).to.equal("0:0:0:0::/64");
    expect(accountable("fe80::1%eth0")).to.equal("fe80:0:0:0::/64");
  });
});

describe("Who has sent a request", () => {
  const proxies = trustedProxies("proxies", ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]);

  it("is who is connected, or the last whom trusted proxies name", () => {
    for (const [connected, forwardedFor, client] of [
      ["192.0.2.1", undefined, "192.0.2.1"],
      ["192.0.2.1", "192.0.2.9", "192.0.2.1"],
      ["127.0.0.1", "192.0.2.9", "192.0.2.9"],
      ["::ffff:127.0.0.1", "192.0.2.9", "192.0.2.9"],
      ["127.0.0.1", "192.0.2.7, 192.0.2.8, 10.1.2.3", "192.0.2.8"],
      ["2001:db8::5", "2001:db9::1", "2001:db9::1"],
      ["127.0.0.1", "192.0.2.7, nonsense", "127.0.0.1"],
      ["127.0.0.1", undefined, "127.0.0.1"],
    ] as const) {
      expect(clientAddress(connected, forwardedFor, proxies), forwardedFor).to.equal(client);
    }
  });

  it("needs proxies that are addresses or networks", () => {
    for (const text of ["localhost", "10.0.0.0/33", "10.0.0.0/8/8", "::1/129", "10.0.0.0/"]) {
      expect(() => trustedProxies("WATTLINE_TRUSTED_PROXIES", [text]), text).to.throw(
        `WATTLINE_TRUSTED_PROXIES has "${text}"`,
      );
    }
  });
});

describe("Work that waits", () => {
  it("is done for one after the other, so that a flood waits behind itself", async () => {
    const queue = new FairQueue(1, 100);
    const done: string[] = [];
    const work = (who: string) => queue.run(who, async () => void done.push(who));
    await Promise.all([
      ...Array.from({ length: 20 }, () => work("flood")),
      work("jane"),
      work("bob"),
      work("jane"),
    ]);
    expect(done.indexOf("jane")).to.be.lessThan(4);
    expect(done.indexOf("bob")).to.be.lessThan(5);
    expect(done.lastIndexOf("jane")).to.be.lessThan(7);
    expect(done.length).to.equal(23);
  });

  it("is refused when one has too much of it, and goes on after a failure", async () => {
    const queue = new FairQueue(1, 2);
    let release = () => {};
    const held = queue.run("a", () => new Promise<void>((resolve) => (release = resolve)));
    const failing = queue.run("a", () => Promise.reject(new Error("no")));
    const last = queue.run("a", async () => "yes");
    expect(() => queue.run("a", async () => "never")).to.throw(QueueFullError, "a has 2");
    const other = queue.run("b", async () => "yes");
    release();
    await held;
    expect(await failing.catch((error: Error) => error.message)).to.equal("no");
    expect(await Promise.all([last, other])).to.deep.equal(["yes", "yes"]);
  });
});

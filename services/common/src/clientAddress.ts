/** Whose request it is, behind reverse proxies too. */
import { BlockList, isIP } from "node:net";
import { MendableError } from "./mendable.ts";

/**
 * The proxies whose word is taken for who sent a request.
 * @param texts Addresses, or networks such as 10.0.0.0/8.
 * @throws MendableError that names `setting` and the text that is neither.
 */
export function trustedProxies(setting: string, texts: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const text of texts) {
    const [address = "", bits, ...rest] = text.split("/");
    const family = familyOf(address);
    const most = family === "ipv4" ? 32 : 128;
    const isWhole = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
    if (family === undefined || !isWhole || rest.length > 0) {
      throw new MendableError(
        `${setting} has "${text}": give addresses such as 127.0.0.1, or networks such as 10.0.0.0/8.`,
      );
    }
    proxies.addSubnet(address, Number(bits ?? most), family);
  }
  return proxies;
}

/**
 * Who sent a request: who is connected, or, if that is a trusted proxy, the last one in `X-Forwarded-For` who is none.
 * What stands before that, the sender may have made up.
 * @param connected The address of the connection.
 * @param forwardedFor The header's value.
 */
export function clientAddress(
  connected: string,
  forwardedFor: string | undefined,
  proxies: BlockList,
): string {
  const hops = (forwardedFor ?? "").split(",").map((hop) => plain(hop.trim()));
  let client = plain(connected);
  while (isIn(proxies, client)) {
    const before = hops.pop();
    if (before === undefined || isIP(before) === 0) break;
    client = before;
  }
  return client;
}

const isIn = (proxies: BlockList, address: string): boolean => {
  const family = familyOf(address);
  return family !== undefined && proxies.check(address, family);
};

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  if (isIP(address) === 4) return "ipv4";
  return isIP(address) === 6 ? "ipv6" : undefined;
}

/** An IPv4 address that came over IPv6 as the former. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

/**
 * Where each part listens unless its configuration says otherwise. All are below 32768: from there on, systems give ports to
 * outgoing connections, so a part would now and then find its own taken (Linux: `net.ipv4.ip_local_port_range`).
 */
export const PORTS = {
  chain: 8_545,
  indexer: 8_569,
  relay: 8_570,
  agent: 8_580,
  /** The auctioneer's metrics. */
  metrics: 8_590,
  /** What an island node has promised. */
  promises: 8_591,
  /** An island node's way to the chain. */
  gateway: 8_592,
  /** What households have signed for the auctioneer to send. */
  mandates: 8_593,
  frontend: 5_173,
} as const;

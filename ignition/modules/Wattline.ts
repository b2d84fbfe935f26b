import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The contracts that transactions create, by their names in Solidity. */
export const CREATED = {
  metadata: "EnergyMetadata",
  tokenFactory: "EnergyTokenFactory",
  microgrids: "Microgrids",
  metersFactory: "MetersFactory",
  settlement: "Settlement",
  forwards: "Forwards",
  releases: "Releases",
  mandates: "Mandates",
  marketplace: "Marketplace",
  board: "Board",
} as const;
export type Created = keyof typeof CREATED;

/**
 * Wattline on any network. The marketplace creates its meters and its energy token in its own deployment, so that nobody, the
 * deployer included, keeps a power over any of them.
 * @param there Where contracts are that others have created: the rest is deployed beside them.
 */
export const wattlineBeside = (there: Readonly<Partial<Record<Created, string>>>) =>
  buildModule("Wattline", (m) => {
    const found = <Key extends Created>(key: Key) => {
      const address = there[key];
      return address === undefined ? undefined : m.contractAt(CREATED[key], address);
    };
    const metadata = found("metadata") ?? m.library(CREATED.metadata);
    const tokenFactory =
      found("tokenFactory") ??
      m.contract(CREATED.tokenFactory, [], { libraries: { EnergyMetadata: metadata } });
    const microgrids = found("microgrids") ?? m.contract(CREATED.microgrids);
    const metersFactory =
      found("metersFactory") ?? m.contract(CREATED.metersFactory, [microgrids, tokenFactory]);
    const settlement = found("settlement") ?? m.contract(CREATED.settlement);
    const forwards = found("forwards") ?? m.contract(CREATED.forwards);
    const releases = found("releases") ?? m.contract(CREATED.releases);
    const mandates = found("mandates") ?? m.contract(CREATED.mandates);
    const marketplace =
      found("marketplace") ??
      m.contract(CREATED.marketplace, [metersFactory, settlement, forwards, releases, mandates]);
    const meters = m.contractAt("Meters", m.staticCall(marketplace, "METERS"));
    const energy = m.contractAt("EnergyToken", m.staticCall(marketplace, "ENERGY"));
    const board = found("board") ?? m.contract(CREATED.board);
    const modules = { settlement, forwards, releases, mandates };
    const factories = { metadata, tokenFactory, metersFactory };
    return { marketplace, microgrids, meters, energy, board, ...modules, ...factories };
  });

export default wattlineBeside({});

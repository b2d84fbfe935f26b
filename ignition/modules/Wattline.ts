import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Wattline on any network. The marketplace creates its meters and its energy token in its own deployment, so that nobody, the
 * deployer included, keeps a power over any of them.
 */
export default buildModule("Wattline", (m) => {
  const metadata = m.library("EnergyMetadata");
  const tokenFactory = m.contract("EnergyTokenFactory", [], {
    libraries: { EnergyMetadata: metadata },
  });
  const microgrids = m.contract("Microgrids");
  const metersFactory = m.contract("MetersFactory", [microgrids, tokenFactory]);
  const settlement = m.contract("Settlement");
  const forwards = m.contract("Forwards");
  const releases = m.contract("Releases");
  const mandates = m.contract("Mandates");
  const marketplace = m.contract("Marketplace", [
    metersFactory,
    settlement,
    forwards,
    releases,
    mandates,
  ]);
  const meters = m.contractAt("Meters", m.staticCall(marketplace, "METERS"));
  const energy = m.contractAt("EnergyToken", m.staticCall(marketplace, "ENERGY"));
  const board = m.contract("Board");
  const modules = { settlement, forwards, releases, mandates };
  const factories = { metadata, tokenFactory, metersFactory };
  return { marketplace, microgrids, meters, energy, board, ...modules, ...factories };
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Wattline on any network. The marketplace creates its meters and its energy token in its own deployment, so that nobody, the
 * deployer included, keeps a power over any of them.
 */
export default buildModule("Wattline", (m) => {
  const EnergyMetadata = m.library("EnergyMetadata");
  const tokens = m.contract("EnergyTokenFactory", [], { libraries: { EnergyMetadata } });
  const microgrids = m.contract("Microgrids");
  const factory = m.contract("MetersFactory", [microgrids, tokens]);
  const marketplace = m.contract("Marketplace", [
    factory,
    m.contract("Settlement"),
    m.contract("Forwards"),
    m.contract("Releases"),
    m.contract("Mandates"),
  ]);
  const meters = m.contractAt("Meters", m.staticCall(marketplace, "METERS"));
  const energy = m.contractAt("EnergyToken", m.staticCall(marketplace, "ENERGY"));
  const board = m.contract("Board");
  return { marketplace, microgrids, meters, energy, board };
});

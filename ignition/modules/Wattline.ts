import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Wattline on any network. The marketplace has its meters and its energy token brought into the world in its own
 * deployment, so that nobody, the deployer included, keeps a power over any of them.
 */
export default buildModule("Wattline", (m) => {
  const EnergyMetadata = m.library("EnergyMetadata");
  const tokens = m.contract("EnergyTokenFactory", [], { libraries: { EnergyMetadata } });
  const factory = m.contract("MetersFactory", [tokens]);
  const marketplace = m.contract("Marketplace", [
    factory,
    m.contract("Settlement"),
    m.contract("Forwards"),
  ]);
  const meters = m.contractAt("Meters", m.staticCall(marketplace, "METERS"));
  const energy = m.contractAt("EnergyToken", m.staticCall(marketplace, "ENERGY"));
  const board = m.contract("Board");
  return { marketplace, meters, energy, board };
});

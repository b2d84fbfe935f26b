import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Wattline on any network. The marketplace brings meters and energy token into the world itself, so that nobody,
 * the deployer included, keeps a power over any of them.
 */
export default buildModule("Wattline", (m) => {
  const EnergyMetadata = m.library("EnergyMetadata");
  const marketplace = m.contract("Marketplace", [], { libraries: { EnergyMetadata } });
  const meters = m.contractAt("Meters", m.staticCall(marketplace, "METERS"));
  const energy = m.contractAt("EnergyToken", m.staticCall(marketplace, "ENERGY"));
  return { marketplace, meters, energy };
});

import { Interface } from "ethers";
import hre from "hardhat";

/** The interface of a built contract. */
export const interfaceOf = async (name: string): Promise<Interface> =>
  new Interface((await hre.artifacts.readArtifact(name)).abi);

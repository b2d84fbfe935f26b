import hre from "hardhat";

/**
 * The name of each of the sdk's ABIs, and the contracts whose ABIs it joins. Callers of the marketplace see the errors
 * of its modules, which it does not declare all itself.
 */
const ABIS = {
  marketplace: ["Marketplace", "Settlement", "Forwards", "Releases", "Mandates"],
  meters: ["Meters"],
  microgrids: ["Microgrids"],
  energyToken: ["EnergyToken"],
  board: ["Board"],
} as const;

/** The sdk's ABI files: path from the project's root, and text. */
export async function abiFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, contracts] of Object.entries(ABIS)) {
    const items = new Set<string>();
    for (const contract of contracts) {
      const { abi } = await hre.artifacts.readArtifact(contract);
      for (const item of abi) if (item.type !== "constructor") items.add(textOf(item));
    }
    const sorted = [...items].sort();
    files.set(
      `sdk/src/abi/${name}.ts`,
      `// Made by \`npm run abis\`.\nexport const ${name}Abi = [\n${sorted.map((item) => `  ${item},\n`).join("")}] as const;\n`,
    );
  }
  return files;
}

/** Without Solidity's own names of types: no caller reads them, and every visitor of the dApp would load them. */
const textOf = (item: object): string =>
  JSON.stringify(item, (key, value) => (key === "internalType" ? undefined : value));

import { packReading } from "@wattline/sdk";
import { importDigest } from "@wattline/sdk/statements";
import { type Address, getAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";

/** The contracts that a signed import names. */
interface Deployed {
  readonly chainId: number;
  readonly marketplace: string;
  readonly microgrids: string;
  readonly meters: string;
  readonly energy: string;
}

const SLOT_SECONDS = 900;

/**
 * What a home agent exports: a home's import from a slot on, a reading for each block, signed by the device.
 * @param signer Signs in its place.
 */
export async function agentExport(
  { chainId, marketplace, microgrids, meters, energy }: Deployed,
  device: PrivateKeyAccount,
  firstSlot: number,
  importedWh: readonly bigint[],
  signer = device,
): Promise<string> {
  const contracts = {
    marketplace: getAddress(marketplace),
    microgrids: getAddress(microgrids),
    meters: getAddress(meters),
    energy: getAddress(energy),
  };
  const { firstBlock, words } = packReading(
    new Map(importedWh.map((wh, index) => [firstSlot + index, wh])),
  );
  const meter: Address = device.address;
  const readings = await Promise.all(
    words.map(async (word, index) => {
      const unsigned = { meter, firstBlock: firstBlock + index, imported: [word] };
      const signature = await signer.sign({
        hash: importDigest({ chainId, contracts }, unsigned),
      });
      return { ...unsigned, imported: [`0x${word.toString(16)}`], signature };
    }),
  );
  const slots = importedWh.map((wh, index) => ({
    slot: firstSlot + index,
    importWh: String(wh),
    exportWh: "0",
    quality: "measured",
  }));
  return JSON.stringify({ home: "test", slotSeconds: SLOT_SECONDS, slots, readings });
}

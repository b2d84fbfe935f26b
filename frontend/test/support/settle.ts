import type { Household } from "@wattline/community/simulation";
import {
  type EnergyBySlot,
  packProfile,
  type SignedOrder,
  scheduleFor,
  sourceIndex,
} from "@wattline/sdk";
import type { Stack } from "./stack.ts";

/** `anyone` settles a match of solar energy between two signed orders of the first microgrid. */
export async function settlePair(
  { wattline }: Stack,
  anyone: Household,
  offer: SignedOrder,
  bid: SignedOrder,
  energyWh: EnergyBySlot,
): Promise<void> {
  const { firstBlock, words } = packProfile(energyWh);
  const microgrid = (await wattline.facts()).known(1);
  const schedule = scheduleFor(microgrid, Math.min(...energyWh.keys()));
  const match = {
    offer: 0,
    bid: 1,
    source: sourceIndex("Solar"),
    schedule,
    bidSchedule: schedule,
    firstBlock,
    energy: [...words],
  };
  await wattline.send(anyone.address, (o) =>
    wattline.marketplace
      .connect(anyone.signer)
      .settle([offer.order, bid.order], [offer.signature, bid.signature], [match], o),
  );
}

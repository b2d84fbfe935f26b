import { clockSecondsOf, SLOT_LENGTHS_SECONDS } from "@wattline/sdk";
import { type OwnUse, ownUseOf } from "@wattline/sdk/need";
import * as z from "zod/mini";
import { localZone } from "../browser/index.ts";

/** What a home agent exports, as far as it tells what the home imported. */
const agentExport = z.object({
  slotSeconds: z.literal(SLOT_LENGTHS_SECONDS),
  slots: z.array(
    z.object({
      slot: z.int().check(z.nonnegative()),
      importWh: z.string().check(z.regex(/^\d{1,15}$/)),
      quality: z.string(),
    }),
  ),
});

/** How a home uses energy by what its agent exports; undefined when the file is nothing of that kind, or tells no import. */
export async function ownUseIn(file: File): Promise<OwnUse | undefined> {
  const text = await file.text();
  const parsed = agentExport.safeParse(jsonIn(text));
  if (!parsed.success) return undefined;
  const { slotSeconds, slots } = parsed.data;
  const metered = slots.filter(({ quality }) => quality !== "left out");
  return ownUseOf(
    new Map(metered.map(({ slot, importWh }) => [slot, BigInt(importWh)])),
    slotSeconds,
    (unixSeconds) => clockSecondsOf(unixSeconds, localZone()),
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

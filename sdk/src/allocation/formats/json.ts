import { SOURCES, type Source } from "../../energyId.ts";
import { slotStart } from "../../slots.ts";
import type { AllocatedShare, Allocation } from "../types.ts";
import { slotOfTime, whOf } from "./table.ts";

const FORMAT = "wattline-allocation/1";

/** An allocation as JSON; energy in Wh is text, since JSON has no integer type. */
export const allocationToJson = ({ slotSeconds, shares }: Allocation): string =>
  `${JSON.stringify(
    {
      format: FORMAT,
      slotSeconds,
      shares: shares.map(({ slot, producer, consumer, source, energyWh }) => ({
        start: new Date(slotStart(slot, slotSeconds) * 1000).toISOString().replace(".000Z", "Z"),
        producer,
        consumer,
        ...(source !== undefined && { source }),
        energyWh: String(energyWh),
      })),
    },
    null,
    1,
  )}\n`;

/**
 * Reads the output of {@link allocationToJson}.
 * @param file Names the file in errors.
 * @throws RangeError that names file, share, member and value.
 */
export function allocationFromJson(text: string, file = "The JSON"): Allocation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const { format, slotSeconds, shares } = membersOf(json);
  if (format !== FORMAT)
    throw new RangeError(`${file} has the format ${JSON.stringify(format)}, not ${FORMAT}.`);
  if (typeof slotSeconds !== "number" || ![300, 900, 1800, 3600].includes(slotSeconds)) {
    throw new RangeError(
      `${file}: slotSeconds is 300, 900, 1800 or 3600, not ${JSON.stringify(slotSeconds)}.`,
    );
  }
  if (!Array.isArray(shares)) throw new RangeError(`${file}: shares must be a list.`);
  return {
    slotSeconds,
    shares: shares.map((share: unknown, index): AllocatedShare => {
      const members = membersOf(share);
      const textOf = (member: string): string => {
        const value = members[member];
        if (typeof value === "string" && value !== "") return value;
        throw new RangeError(
          `${file}, share ${index + 1}: ${member} is ${JSON.stringify(value)}, not text.`,
        );
      };
      const { source } = members;
      const known = SOURCES.find((each): each is Source => each === source);
      if (source !== undefined && known === undefined) {
        throw new RangeError(
          `${file}, share ${index + 1}: source is ${JSON.stringify(source)}, not one of ${SOURCES.join(", ")}.`,
        );
      }
      return {
        slot: slotOfTime(textOf("start"), slotSeconds, file, index + 1, "start"),
        producer: textOf("producer"),
        consumer: textOf("consumer"),
        ...(known !== undefined && { source: known }),
        energyWh: whOf(textOf("energyWh"), file, index + 1, "energyWh"),
      };
    }),
  };
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

import type { metersAbi } from "../abi/meters.ts";
import { type Call, multicall, type UNDESCRIBED_CALLS } from "./calls.ts";
import { account, choice, hidden, optional, plain, power } from "./fields.ts";
import type { Format } from "./file.ts";

type MetersCall = Exclude<Call<typeof metersAbi>, keyof typeof UNDESCRIBED_CALLS.meters>;

export const METERS_CALLS: Readonly<Record<MetersCall, Format>> = {
  report: {
    intent: "Report a meter's reading, so that its energy is minted",
    interpolatedIntent: "Report a reading of meter {reading.meter}",
    fields: [
      account("reading.meter", "Meter"),
      plain("reading.firstBlock", "First block of eight slots"),
      optional(plain("reading.exported.[]", "Packed reading of a block")),
      hidden("signature", "Meter's signature"),
    ],
  },
  register: {
    intent: "Register a meter",
    interpolatedIntent:
      "Register meter {registration.meter} of {registration.owner} in microgrid {registration.microgrid}: " +
      "{registration.source}, up to {registration.capacityW}, critical load {registration.critical}",
    fields: [
      account("registration.meter", "Meter"),
      account("registration.owner", "Household"),
      plain("registration.microgrid", "Microgrid"),
      choice("registration.source", "Energy from", "source"),
      power("registration.capacityW", "Exports at most"),
      plain("registration.critical", "Critical load"),
      hidden("consent", "Meter's consent"),
    ],
  },
  handOverMeter: {
    intent: "Offer a meter to a new owner; the zero address takes the offer back",
    interpolatedIntent: "Offer meter {meter} to {to}; it promises nothing until then",
    fields: [account("meter", "Meter"), account("to", "New owner")],
  },
  acceptMeter: {
    intent: "Take a meter with all that it has promised",
    interpolatedIntent: "Take meter {meter} with all that it has promised, by offer {offer}",
    fields: [account("meter", "Meter"), plain("offer", "Number of the offer")],
  },
  moveMeter: {
    intent: "Let another microgrid register a meter of yours; 0 takes that back",
    interpolatedIntent: "Let microgrid {microgrid} register your meter {meter}",
    fields: [account("meter", "Meter"), plain("microgrid", "Microgrid")],
  },
  setCritical: {
    intent: "Say whether a meter feeds a critical load",
    interpolatedIntent: "Meter {meter} feeds a critical load: {critical}",
    fields: [account("meter", "Meter"), plain("critical", "Critical load")],
  },
  retireMeter: {
    intent: "Take a meter out of service",
    interpolatedIntent: "Take meter {meter} out of service",
    fields: [account("meter", "Meter")],
  },
  multicall,
};

import type { metersAbi } from "../abi/meters.ts";
import { type Call, multicall, type UNDESCRIBED_CALLS } from "./calls.ts";
import {
  account,
  amount,
  amountIn,
  choice,
  currency,
  degrees,
  duration,
  energy,
  hidden,
  optional,
  plain,
  power,
  share,
} from "./fields.ts";
import type { Field, Format } from "./file.ts";

const tariffs = (path: string, price: (path: string, label: string) => Field): readonly Field[] => [
  price(`${path}feedIn`, "Feed-in tariff per kWh"),
  price(`${path}retail`, "Retail tariff per kWh"),
  price(`${path}networkFee`, "Network fee per kWh"),
  price(`${path}islandPriceCap`, "Highest price per kWh while islanded"),
  energy(`${path}islandRation`, "Ration per meter and slot while islanded"),
];

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
      "Register meter {meter} of {owner} in microgrid {microgrid}: {source}, up to {capacityW}, critical load {critical}",
    fields: [
      account("meter", "Meter"),
      account("owner", "Household"),
      plain("microgrid", "Microgrid"),
      choice("source", "Energy from", "source"),
      power("capacityW", "Exports at most"),
      plain("critical", "Critical load"),
      hidden("consent", "Meter's consent"),
    ],
  },
  handOverMeter: {
    intent: "Give a meter away: later readings are minted to its new owner",
    interpolatedIntent: "Give meter {meter} to {to}",
    fields: [account("meter", "Meter"), account("to", "New owner")],
  },
  retireMeter: {
    intent: "Take a meter out of service for good",
    interpolatedIntent: "Take meter {meter} out of service for good",
    fields: [account("meter", "Meter")],
  },
  found: {
    intent: "Found a microgrid",
    fields: [
      plain("charter.name", "Name"),
      currency("charter.currency", "Currency, for good"),
      duration("charter.slotSeconds", "Length of a delivery slot, for good"),
      duration("charter.reportingDeadline", "Readings for forwards arrive within, for good"),
      degrees("charter.latitudeTenths", "Latitude"),
      degrees("charter.longitudeTenths", "Longitude"),
      ...tariffs("tariffs.", (path, label) => amount(path, label, "charter.currency")),
      account("dso", "DSO, which earns the network fee"),
    ],
  },
  setTariffs: {
    intent: "Set a microgrid's tariffs",
    fields: [
      plain("microgrid", "Microgrid"),
      ...tariffs("tariffs.", (path, label) => amountIn(path, label, "microgrid")),
    ],
  },
  setDso: {
    intent: "Name who earns a microgrid's network fee",
    interpolatedIntent: "Let {dso} earn the network fee of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid"), account("dso", "DSO")],
  },
  setMode: {
    intent: "Declare a microgrid's mode",
    interpolatedIntent: "Declare microgrid {microgrid} {mode}",
    fields: [plain("microgrid", "Microgrid"), choice("mode", "Mode", "mode")],
  },
  handOver: {
    intent: "Offer to hand a microgrid over; the zero address takes the offer back",
    interpolatedIntent: "Offer to make {successor} operator of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid"), account("successor", "New operator")],
  },
  acceptHandOver: {
    intent: "Become operator of a microgrid",
    interpolatedIntent: "Become operator of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid")],
  },
  proposeTieLine: {
    intent: "Propose a tie line's terms, or agree to them",
    fields: [
      plain("mine", "Your microgrid"),
      plain("other", "Other microgrid"),
      share("line.lossBps", "Lost on the way"),
      energy("line.capacity", "Capacity per slot and direction; 0 closes it"),
      amountIn("line.wheelingUp", "Charge per kWh to the higher number", "mine"),
      amountIn("line.wheelingDown", "Charge per kWh to the lower number", "mine"),
    ],
  },
  multicall,
};

import type { microgridsAbi } from "../abi/microgrids.ts";
import type { Call } from "./calls.ts";
import {
  account,
  amount,
  amountIn,
  amountOr,
  currency,
  degrees,
  duration,
  eachOf,
  energy,
  plain,
  share,
  whole,
} from "./fields.ts";
import type { Field, FieldGroup, Format } from "./file.ts";

/** Stands for the middle of feed-in and retail tariff as a level's price. */
const MIDDLE = 2n ** 80n - 1n;

type PriceOf = (path: string, label: string) => Field;

const schedule = (price: PriceOf): readonly (Field | FieldGroup)[] => [
  plain("levelOfHour", "Level of each hour, two bits an hour"),
  eachOf("Levels", [
    amountOr(
      price("levels.[].price", "Community price per kWh"),
      MIDDLE,
      "The middle of feed-in and retail tariff in",
    ),
    price("levels.[].fee", "Network fee per kWh"),
    price("levels.[].cap", "Highest price per kWh while islanded"),
    price("levels.[].feedIn", "Feed-in tariff per kWh"),
    price("levels.[].retail", "Retail tariff per kWh"),
  ]),
];

const ration = energy("ration", "Ration per ordinary meter and slot while islanded");

export const MICROGRIDS_CALLS: Readonly<Record<Call<typeof microgridsAbi>, Format>> = {
  found: {
    intent: "Found a microgrid",
    fields: [
      plain("charter.name", "Name"),
      currency("charter.currency", "Currency, for good"),
      duration("charter.slotSeconds", "Length of a delivery slot, for good"),
      duration("charter.reportingDeadline", "Readings for forwards arrive within, for good"),
      whole("charter.utcOffsetMinutes", "Its clock is ahead of UTC by, for good", " min"),
      degrees("charter.latitudeTenths", "Latitude"),
      degrees("charter.longitudeTenths", "Longitude"),
      ...schedule((path, label) => amount(path, label, "charter.currency")),
      ration,
      account("dso", "DSO, which earns the network fee"),
    ],
  },
  schedule: {
    intent: "Set a microgrid's prices from a delivery slot on",
    fields: [
      plain("microgrid", "Microgrid"),
      plain("firstSlot", "From delivery slot"),
      ...schedule((path, label) => amountIn(path, label, "microgrid")),
    ],
  },
  setRation: {
    intent: "Set the ration of islanded slots from the next slot on",
    interpolatedIntent:
      "Let ordinary meters of microgrid {microgrid} buy {ration} per islanded slot from the next slot on",
    fields: [plain("microgrid", "Microgrid"), ration],
  },
  setDso: {
    intent: "Name who earns a microgrid's network fee",
    interpolatedIntent: "Let {dso} earn the network fee of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid"), account("dso", "DSO")],
  },
  setIslanded: {
    intent: "Declare that a microgrid is cut off from the grid, or that it is connected again",
    interpolatedIntent: "Declare microgrid {microgrid} islanded: {islanded}",
    fields: [plain("microgrid", "Microgrid"), plain("islanded", "Islanded")],
  },
  declareIslanded: {
    intent: "Declare past delivery slots islanded, for good",
    interpolatedIntent:
      "Declare delivery slots {firstSlot} to {lastSlot} of microgrid {microgrid} islanded, for good",
    fields: [
      plain("microgrid", "Microgrid"),
      plain("firstSlot", "First delivery slot"),
      plain("lastSlot", "Last delivery slot"),
    ],
  },
  setClosed: {
    intent: "Stop trades of delivery slots that start later, or allow them again",
    interpolatedIntent: "Stop trades of later delivery slots of microgrid {microgrid}: {closed}",
    fields: [plain("microgrid", "Microgrid"), plain("closed", "Closed")],
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
  endTieLine: {
    intent: "End a tie line in seven days",
    interpolatedIntent: "End the tie line between microgrids {mine} and {other} in seven days",
    fields: [plain("mine", "Your microgrid"), plain("other", "Other microgrid")],
  },
};

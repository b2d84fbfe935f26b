import { type Home, Steering } from "@wattline/agent";
import { storedAfter } from "@wattline/sdk/battery";
import { SLOT_SECONDS } from "./start.ts";

/** As many are sold for a roof of a home. What it gives goes to the home alone. */
const TERMS = {
  capacity_wh: 8_000,
  power_w: 4_000,
  efficiency_percent: 90,
  reserve: "10 %",
  feeds_in: false,
  stale_seconds: SLOT_SECONDS,
};
/** Half full at first. */
const FIRST_CENTI_WH = 400_000n;
const SECONDS_PER_HOUR = 3600;

/** A simulated battery of a home on the chain's clock: within a slot it follows the meter exactly. */
export class PlayedBattery {
  readonly steering: Steering;

  constructor(home: Home, now: () => number) {
    this.steering = new Steering({ config: TERMS, home, report: () => {}, now });
    this.steering.take({ unixMs: now(), storedCentiWh: FIRST_CENTI_WH, chargeW: 0 });
    this.steering.stand(undefined);
  }

  /**
   * Does in a slot what the agent decides.
   * @param surplusWh What the home has left without it; negative where it lacks energy.
   * @returns the same as the meter counts it.
   */
  act(slot: number, surplusWh: bigint): bigint {
    const { battery, reading } = this.steering.state;
    const { flow } = this.steering.decide(slot, surplusWh);
    const movedWh = flow.takenWh - flow.givenWh;
    this.steering.take({
      unixMs: slot * SLOT_SECONDS * 1000,
      storedCentiWh: storedAfter(battery, reading?.storedCentiWh ?? 0n, flow),
      chargeW: (Number(movedWh) * SECONDS_PER_HOUR) / SLOT_SECONDS,
    });
    return surplusWh - movedWh;
  }
}

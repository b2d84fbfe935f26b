import {
  type Irradiance,
  irradianceOnTilt,
  type SunPosition,
  type Surface,
} from "@wattline/sdk/sun";

/** A roof with solar modules. */
export interface Roof extends Surface {
  /** The modules' output at 1,000 W/m², in W. */
  readonly peakW: number;
}

/**
 * The share of the modules' rated output that reaches the house: 14 % is lost to dirt, shade,
 * mismatch, wiring, ageing and standstill, and 4 % in the inverter. Source: Dobos, "PVWatts Version
 * 5 Manual", NREL/TP-6A20-62641, 2014, the defaults. Heat is ignored: in a temperate climate it
 * costs a few per cent a year.
 */
const SYSTEM_EFFICIENCY = (1 - 0.14) * 0.96;

/** A roof's output under a sky, in W: its rated output, scaled by the light on it. */
export function roofWatts(roof: Roof, sky: Irradiance, sun: SunPosition): number {
  return (roof.peakW * SYSTEM_EFFICIENCY * irradianceOnTilt(sky, sun, roof)) / 1000;
}

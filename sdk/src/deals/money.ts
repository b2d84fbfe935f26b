/** The escrow counts thousandths of a base unit, so that a price per kWh times Wh is exact. Only a withdrawal rounds. */

export const THOUSANDTHS = 1_000n;

/** Base units that can be withdrawn of a balance in thousandths; the rest stays in the account. */
export const wholeBaseUnits = (thousandths: bigint): bigint => thousandths / THOUSANDTHS;

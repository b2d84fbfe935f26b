/**
 * Rounds amounts to whole steps so that they still add up: their rounded sum is the sum of the rounded parts (method of the
 * largest remainder). No part is moved by a whole step.
 * @param step Of what an amount is to be a multiple, such as a cent in the amounts' unit; above zero.
 */
export function roundTogether<const Parts extends readonly bigint[]>(
  parts: Parts,
  step: bigint,
): { [Index in keyof Parts]: bigint } {
  const floors = parts.map((part) => floorTo(part, step));
  const sum = parts.reduce((total, part) => total + part, 0n);
  const missing = (floorTo(sum + step / 2n, step) - floors.reduce((a, b) => a + b, 0n)) / step;
  const remainderOf = (index: number) => (parts[index] ?? 0n) - (floors[index] ?? 0n);
  const largest = parts
    .map((_, index) => index)
    .sort((a, b) => Number(remainderOf(b) - remainderOf(a)))
    .slice(0, Number(missing));
  const raised = new Set(largest);
  const rounded = floors.map((floor, index) => (raised.has(index) ? floor + step : floor));
  return rounded as { [Index in keyof Parts]: bigint };
}

const floorTo = (amount: bigint, step: bigint): bigint => {
  const rest = amount % step;
  return amount - (rest < 0n ? rest + step : rest);
};

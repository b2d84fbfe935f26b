import { expect } from "chai";
import fc from "fast-check";
import { type Box, type Linked, layoutMap, type Planned, type Point } from "./layout.ts";

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const isWithin = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width + 1e-6 &&
  inner.y + inner.height <= outer.y + outer.height + 1e-6;

const boxOf = (a: Point, b: Point): Box => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

const pairs = <T>(all: readonly T[]): [T, T][] =>
  all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]));

const segments = (points: readonly Point[]): Box[] =>
  points.slice(1).map((point, index) => boxOf(points[index] ?? point, point));

/** 1 to 12 microgrids of 1 to 200 homes in all the widths of screens, with any tie lines between them. */
const communities = fc
  .array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 })
  .chain((homes) => {
    const planned = homes.map((count, index): Planned => ({ microgrid: index + 1, homes: count }));
    const all = pairs(planned).map(
      ([a, b]): Linked => ({ lower: a.microgrid, higher: b.microgrid }),
    );
    return fc.record({
      planned: fc.constant(planned),
      linked: fc.subarray(all, { maxLength: Math.min(24, all.length) }),
      width: fc.integer({ min: 320, max: 1_600 }),
    });
  });

describe("The map's layout", () => {
  it("places every home in its microgrid, and nothing over anything else", () => {
    fc.assert(
      fc.property(communities, ({ planned, linked, width }) => {
        const { microgrids, ...whole } = layoutMap(planned, linked, width);
        const all = { x: 0, y: 0, ...whole };
        expect(microgrids.map(({ homes }) => homes.length)).to.deep.equal(
          planned.map(({ homes }) => homes),
        );
        for (const { box, homes, feeders, trunk, busbarY } of microgrids) {
          expect(isWithin(box, all)).to.equal(true);
          for (const home of homes) {
            expect(isWithin(home, box)).to.equal(true);
            // Feeders pass between the rows, and the trunk beside them.
            for (const { y } of feeders)
              expect(y <= home.y || y >= home.y + home.height).to.equal(true);
            expect(trunk.x).to.be.lessThan(home.x);
            expect(busbarY).to.be.greaterThan(home.y + home.height);
          }
        }
        for (const [a, b] of pairs(microgrids)) expect(overlap(a.box, b.box)).to.equal(false);
      }),
      { numRuns: 30 },
    );
  });

  it("places no two homes over each other, whatever their number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 320, max: 1_600 }),
        (homes, width) => {
          const [only] = layoutMap([{ microgrid: 1, homes }], [], width).microgrids;
          for (const [a, b] of pairs(only?.homes ?? [])) expect(overlap(a, b)).to.equal(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("leads tie lines around strangers, each in a lane of its own", () => {
    fc.assert(
      fc.property(communities, ({ planned, linked, width }) => {
        const { microgrids, lines, ...whole } = layoutMap(planned, linked, width);
        expect(lines.map(({ lower, higher }) => ({ lower, higher }))).to.deep.equal(linked);
        for (const { lower, higher, points, label } of lines) {
          const ways = segments(points);
          for (const way of ways) expect(isWithin(way, { x: 0, y: 0, ...whole })).to.equal(true);
          for (const { microgrid, box, homes } of microgrids) {
            const isEnd = microgrid === lower || microgrid === higher;
            const inTheWay = isEnd ? homes : [box];
            for (const way of ways) {
              for (const stone of inTheWay) expect(overlap(thick(way), stone)).to.equal(false);
            }
            expect(overlap({ x: label.x, y: label.y, width: 0.1, height: 0.1 }, box)).to.equal(
              false,
            );
          }
        }
        // Crossing is allowed, running along each other is not.
        for (const [a, b] of pairs(lines)) {
          for (const one of segments(a.points)) {
            for (const other of segments(b.points)) expect(runAlong(one, other)).to.equal(false);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

const thick = ({ x, y, width, height }: Box): Box => ({
  x: x - 0.5,
  y: y - 0.5,
  width: width + 1,
  height: height + 1,
});

/** Whether two segments share more than a point. */
function runAlong(a: Box, b: Box): boolean {
  const sharedX = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const sharedY = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const isFlat = a.height === 0 && b.height === 0 && a.y === b.y && sharedX > 1e-6;
  const isUpright = a.width === 0 && b.width === 0 && a.x === b.x && sharedY > 1e-6;
  return isFlat || isUpright;
}

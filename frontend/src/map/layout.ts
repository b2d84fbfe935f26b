/** A place in the picture, in its own units: one is a pixel where it is shown at full size. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A microgrid to be laid out, and how many homes it has. */
export interface Planned {
  readonly microgrid: number;
  readonly homes: number;
}

/** A tie line between two microgrids. */
export interface Linked {
  readonly lower: number;
  readonly higher: number;
}

/** Where a microgrid and its homes are. */
export interface PlacedMicrogrid {
  readonly microgrid: number;
  readonly box: Box;
  /** In the order of the homes. They share no point with each other. */
  readonly homes: readonly Box[];
  /** The line that each home is on: from it to the line is straight down. */
  readonly feeders: readonly { readonly y: number; readonly x1: number; readonly x2: number }[];
  /** Joins the feeders with the busbar at the bottom, where tie lines leave. */
  readonly trunk: { readonly x: number; readonly y1: number; readonly y2: number };
  readonly busbarY: number;
  /** Whether there is room for a name and an amount at each home. */
  readonly hasLabels: boolean;
}

/** The way of a tie line: from the lower-numbered microgrid's busbar to the other's, around everybody else. */
export interface PlacedLine extends Linked {
  readonly points: readonly Point[];
  /** The middle of its label. */
  readonly label: Point;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly microgrids: readonly PlacedMicrogrid[];
  readonly lines: readonly PlacedLine[];
}

/** The size of a home by how many there are: a name and an amount each, or an icon alone. */
const SIZES = [
  { upTo: 24, width: 84, height: 90, hasLabels: true },
  { upTo: 80, width: 44, height: 46, hasLabels: false },
  { upTo: Number.POSITIVE_INFINITY, width: 30, height: 34, hasLabels: false },
] as const;
/** Between homes, and between homes and their microgrid's edge. */
const GAP = 6;
const PADDING = 12;
/** For the microgrid's name and mode. */
const HEAD = 34;
/** From a row of homes to its feeder, and from the last feeder to the busbar. */
const DROP = 12;
/** Between neighbouring tie lines, with room for a label. */
const LANE = 26;
const MARGIN = 8;
/** A microgrid has room for its name. */
const NARROWEST = 230;

/**
 * Lays microgrids out in rows, each as wide as its homes need, and leads every tie line around them, each in a lane of its own:
 * out of the busbar into the space below the row, if need be along the right edge to another row, and up into the other busbar.
 * No line passes through a microgrid, and no two share a lane.
 * @param width What there is; the picture is that wide, or as wide as the widest microgrid needs.
 */
export function layoutMap(
  planned: readonly Planned[],
  linked: readonly Linked[],
  width: number,
): Layout {
  const known = new Set(planned.map(({ microgrid }) => microgrid));
  const ties = linked.filter(({ lower, higher }) => known.has(lower) && known.has(higher));
  const rows = rowsOf(planned, width);
  const rowOf = new Map(
    rows.flatMap((row, index) => row.map(({ microgrid }) => [microgrid, index] as const)),
  );
  const at = (microgrid: number): number => rowOf.get(microgrid) ?? 0;

  // Lanes below a row: of the lines that leave it there. A line to another row has one below each of both.
  const lanesBelow = rows.map((_, row) =>
    ties.filter(({ lower, higher }) => at(lower) === row || at(higher) === row),
  );
  const acrossRows = ties.filter(({ lower, higher }) => at(lower) !== at(higher));
  const rightLanes = acrossRows.length * LANE;

  const placed = new Map<number, PlacedMicrogrid>();
  const bottoms: number[] = [];
  let top = MARGIN;
  let right = 0;
  for (const [index, row] of rows.entries()) {
    let left = MARGIN;
    const tallest = Math.max(...row.map(({ height }) => height));
    for (const one of row) {
      placed.set(one.microgrid, placeMicrogrid(one, { x: left, y: top }, tallest));
      left += one.width + MARGIN;
    }
    right = Math.max(right, left);
    bottoms.push(top + tallest);
    top += tallest + (lanesBelow[index]?.length ?? 0) * LANE + 2 * MARGIN;
  }

  const ports = portsOf(placed, ties);
  const lines = ties.flatMap((tie): PlacedLine[] => {
    const [from, to] = [ports(tie, tie.lower), ports(tie, tie.higher)];
    const laneY = (microgrid: number): number => {
      const row = at(microgrid);
      const lane = lanesBelow[row]?.indexOf(tie) ?? 0;
      return (bottoms[row] ?? 0) + (lane + 1) * LANE - LANE / 4;
    };
    const [y1, y2] = [laneY(tie.lower), laneY(tie.higher)];
    const out = [from, { x: from.x, y: y1 }];
    if (at(tie.lower) === at(tie.higher)) {
      const points = [...out, { x: to.x, y: y1 }, to];
      return [{ ...tie, points, label: { x: (from.x + to.x) / 2, y: y1 } }];
    }
    const x = right + acrossRows.indexOf(tie) * LANE + LANE / 2;
    const points = [...out, { x, y: y1 }, { x, y: y2 }, { x: to.x, y: y2 }, to];
    return [{ ...tie, points, label: { x: (from.x + x) / 2, y: y1 } }];
  });
  return {
    width: Math.max(width, right + rightLanes + MARGIN),
    height: top,
    microgrids: planned.flatMap(({ microgrid }) => placed.get(microgrid) ?? []),
    lines,
  };
}

interface Sized extends Planned {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
}

/** Microgrids in rows that fit the width. */
function rowsOf(planned: readonly Planned[], width: number): Sized[][] {
  const rows: Sized[][] = [];
  let left = Number.POSITIVE_INFINITY;
  for (const one of planned) {
    const sized = sizeOf(one, width - 2 * MARGIN, planned.length);
    if (left + sized.width + MARGIN > width) {
      rows.push([]);
      left = MARGIN;
    }
    rows.at(-1)?.push(sized);
    left += sized.width + MARGIN;
  }
  return rows;
}

const sizeFor = (homes: number) => SIZES.find(({ upTo }) => homes <= upTo) ?? SIZES[2];

/** A microgrid's size: about three homes wide for two high, so that several fit beside each other; never wider than there is. */
function sizeOf(planned: Planned, widest: number, together: number): Sized {
  const { homes } = planned;
  const cell = sizeFor(homes);
  const [across, down] = [cell.width + GAP, cell.height + DROP + GAP];
  const fits = Math.max(1, Math.floor((widest - 2 * PADDING + GAP) / across));
  const wished = together === 1 ? fits : Math.ceil(Math.sqrt((homes * 1.5 * down) / across));
  const columns = Math.max(1, Math.min(fits, wished, Math.max(1, homes)));
  const rows = Math.ceil(Math.max(1, homes) / columns);
  return {
    ...planned,
    columns,
    width: Math.max(Math.min(NARROWEST, widest), columns * across - GAP + 2 * PADDING),
    height: HEAD + rows * down + DROP + PADDING,
  };
}

function placeMicrogrid(
  { microgrid, homes: count, width, columns }: Sized,
  { x, y }: Point,
  height: number,
): PlacedMicrogrid {
  const cell = sizeFor(count);
  const [across, down] = [cell.width + GAP, cell.height + DROP + GAP];
  const homes = Array.from({ length: count }, (_, index): Box => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    return {
      x: x + PADDING + column * across,
      y: y + HEAD + row * down,
      width: cell.width,
      height: cell.height,
    };
  });
  const busbarY = y + height - PADDING;
  const feeders = Array.from({ length: Math.ceil(count / columns) }, (_, row) => {
    const last = homes[Math.min((row + 1) * columns, count) - 1];
    return {
      y: y + HEAD + row * down + cell.height + DROP / 2,
      x1: x + PADDING / 2,
      x2: last === undefined ? x + PADDING : last.x + last.width / 2,
    };
  });
  return {
    microgrid,
    box: { x, y, width, height },
    homes,
    feeders,
    trunk: { x: x + PADDING / 2, y1: feeders[0]?.y ?? busbarY, y2: busbarY },
    busbarY,
    hasLabels: cell.hasLabels,
  };
}

/** Where each tie line leaves a busbar: a place of its own along the bottom. */
function portsOf(
  placed: ReadonlyMap<number, PlacedMicrogrid>,
  ties: readonly Linked[],
): (tie: Linked, microgrid: number) => Point {
  return (tie, microgrid) => {
    const own = ties.filter(({ lower, higher }) => lower === microgrid || higher === microgrid);
    const found = placed.get(microgrid);
    if (found === undefined) throw new RangeError(`Microgrid ${microgrid} has no place.`);
    const { x, width } = found.box;
    const step = (width - 2 * PADDING) / (own.length + 1);
    return { x: x + PADDING + (own.indexOf(tie) + 1) * step, y: found.busbarY };
  };
}

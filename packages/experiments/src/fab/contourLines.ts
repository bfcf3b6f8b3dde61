/** Lines of equal value through numbers on a grid: marching squares, whose pieces are joined into lines. */

export interface GridValues {
  /** Rising. */
  x: readonly number[];
  /** Rising. */
  y: readonly number[];
  /** `values[row * x.length + column]`, rows along y. */
  values: readonly number[];
}

export interface ContourLine {
  x: number[];
  y: number[];
}

/** Corners of a cell that are above, as bits (bottom left 1, bottom right 2, top right 4, top left 8), to pairs of edges. */
const pieces: Readonly<Record<number, readonly (readonly [Edge, Edge])[]>> = {
  1: [["left", "bottom"]],
  2: [["bottom", "right"]],
  3: [["left", "right"]],
  4: [["right", "top"]],
  5: [["left", "top"], ["bottom", "right"]], // prettier-ignore
  6: [["bottom", "top"]],
  7: [["left", "top"]],
  8: [["top", "left"]],
  9: [["bottom", "top"]],
  10: [["left", "bottom"], ["top", "right"]], // prettier-ignore
  11: [["right", "top"]],
  12: [["left", "right"]],
  13: [["bottom", "right"]],
  14: [["left", "bottom"]],
};

type Edge = "left" | "right" | "bottom" | "top";

/** The lines at `level`: closed ones end where they begin. */
export function contourLines(grid: GridValues, level: number): ContourLine[] {
  const { x, y, values } = grid;
  const columns = x.length;
  const points = new Map<string, [number, number]>();
  const neighbours = new Map<string, string[]>();
  const at = (i: number, j: number): number => values[j * columns + i]!;
  /** The point of an edge between two corners, by a name that both of its cells give it. */
  const crossing = (from: [number, number], to: [number, number]): string => {
    const name = `${from.join()}-${to.join()}`;
    const [a, b] = [at(...from), at(...to)];
    const share = (level - a) / (b - a);
    const between = (line: readonly number[], i: number, j: number): number =>
      line[i]! + share * (line[j]! - line[i]!);
    points.set(name, [between(x, from[0], to[0]), between(y, from[1], to[1])]);
    return name;
  };
  for (let j = 0; j + 1 < y.length; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const corners: [number, number][] = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]]; // prettier-ignore
      const code = corners.reduce((sum, corner, bit) => sum + (at(...corner) > level ? 2 ** bit : 0), 0);
      const edges: Record<Edge, () => string> = {
        bottom: () => crossing(corners[0]!, corners[1]!),
        right: () => crossing(corners[1]!, corners[2]!),
        top: () => crossing(corners[3]!, corners[2]!),
        left: () => crossing(corners[0]!, corners[3]!),
      };
      for (const [one, other] of pieces[code] ?? []) {
        const [a, b] = [edges[one](), edges[other]()];
        neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
        neighbours.set(b, [...(neighbours.get(b) ?? []), a]);
      }
    }
  }
  return joined(points, neighbours);
}

/** Lines from pieces: open ones from an end, then what is left, round and round. */
function joined(
  points: ReadonlyMap<string, readonly [number, number]>,
  neighbours: ReadonlyMap<string, readonly string[]>,
): ContourLine[] {
  const left = new Set(neighbours.keys());
  const lines: ContourLine[] = [];
  const ends = [...left].filter((name) => neighbours.get(name)!.length === 1);
  for (const start of [...ends, ...neighbours.keys()]) {
    if (!left.has(start)) continue;
    const names = [start];
    left.delete(start);
    for (let next = start; ;) {
      const found = neighbours.get(next)!.find((name) => left.has(name));
      if (found === undefined) break;
      names.push(found);
      left.delete(found);
      next = found;
    }
    if (names.length > 2 && neighbours.get(names.at(-1)!)!.includes(start)) names.push(start);
    lines.push({
      x: names.map((name) => points.get(name)![0]),
      y: names.map((name) => points.get(name)![1]),
    });
  }
  return lines;
}

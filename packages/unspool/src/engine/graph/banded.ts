/**
 * Products with a constant matrix of few diagonals, as sums of shifted operands: what such a matrix leaves out need not
 * be multiplied.
 *
 *     out[i] = sum over diagonals d of A[i, i + d] x[i + d]
 */
import { Accesses } from "./access.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Node } from "./node.ts";

/** A matrix with more diagonals, or more than this part of all, is multiplied as it is. */
const mostDiagonals = 8;
const mostShare = 0.25;

interface Diagonal {
  /** Column minus row. */
  shift: number;
  /** Its elements from the first row that has one. */
  values: number[];
}

/**
 * The sum of products of `a` and `b` (of one shape) over the last axis if one of them is a constant band matrix;
 * undefined otherwise.
 */
export function bandedProduct(
  graph: GraphBuilder,
  a: Node,
  b: Node,
  shape: readonly number[],
): Node | undefined {
  const accesses = new Accesses(graph);
  for (const [matrix, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const { base, strides, offset } = accesses.of(matrix);
    const last = matrix.shape.length - 1;
    const rowAxes = strides
      .map((_, i) => i)
      .filter((i) => i < last && matrix.shape[i]! > 1 && strides[i] !== 0);
    if (base.op !== "constant" || rowAxes.length !== 1 || strides[last] === 0 || matrix.shape[last]! < 4)
      continue;
    const row = rowAxes[0]!;
    if (accesses.of(other).strides[row] !== 0) continue;
    const data = base.params.data!;
    const read = (i: number, j: number): number => data[offset + i * strides[row]! + j * strides[last]!]!;
    const diagonals = diagonalsOf(read, matrix.shape[row]!, matrix.shape[last]!);
    if (diagonals !== undefined) return sumOfShifts(graph, diagonals, other, row, shape);
  }
  return undefined;
}

function diagonalsOf(
  read: (i: number, j: number) => number,
  rows: number,
  columns: number,
): Diagonal[] | undefined {
  const found = new Map<number, Diagonal>();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (read(i, j) === 0 || found.has(j - i)) continue;
      if (found.size === mostDiagonals) return undefined;
      const first = Math.max(0, i - j);
      const length = Math.min(rows - first, columns - Math.max(0, j - i));
      const values = Array.from({ length }, (_, k) => read(first + k, first + k + j - i));
      found.set(j - i, { shift: j - i, values });
    }
  }
  const elements = [...found.values()].reduce((sum, { values }) => sum + values.length, 0);
  if (found.size === 0 || elements > mostShare * rows * columns) return undefined;
  return [...found.values()].toSorted((one, other) => one.shift - other.shift);
}

/** Rows are cut where a diagonal begins or ends; within a part every diagonal is a shifted piece of the operand. */
function sumOfShifts(
  graph: GraphBuilder,
  diagonals: readonly Diagonal[],
  other: Node,
  row: number,
  shape: readonly number[],
): Node {
  const last = other.shape.length - 1;
  const rows = shape[row]!;
  const { dtype } = other;
  // The operand does not move along the rows: its summed axis takes their place.
  const thin = graph.shrink(
    other,
    other.shape.map((length, i): [number, number] => [0, i === row ? 1 : length]),
  );
  const perm = other.shape.map((_, i) => (i === row ? last : i === last ? row : i));
  const columns = graph.reshape(graph.transpose(thin, perm), shape.with(row, other.shape[last]!));
  const firstRow = ({ shift }: Diagonal): number => Math.max(0, -shift);
  const cuts = [
    ...new Set([0, rows, ...diagonals.flatMap((one) => [firstRow(one), firstRow(one) + one.values.length])]),
  ].toSorted((one, two) => one - two);
  const parts = cuts.slice(1).map((to, i) => {
    const from = cuts[i]!;
    const partShape = shape.with(row, to - from);
    const terms = diagonals
      .filter((one) => firstRow(one) <= from && to <= firstRow(one) + one.values.length)
      .map((one) => {
        const values = one.values.slice(from - firstRow(one), to - firstRow(one));
        const piece = graph.shrink(
          columns,
          columns.shape.map((length, axis): [number, number] =>
            axis === row ? [from + one.shift, to + one.shift] : [0, length],
          ),
        );
        return graph.elementwise(
          "mul",
          [spread(graph, values, row, partShape, dtype), piece],
          dtype,
          {},
          partShape,
        );
      });
    if (terms.length === 0) return graph.broadcastTo(graph.literal(0, dtype), partShape);
    return terms.reduce((sum, term) => graph.elementwise("add", [sum, term], dtype, {}, partShape));
  });
  return graph.concatenate(parts, row, shape, dtype);
}

function spread(
  graph: GraphBuilder,
  values: readonly number[],
  row: number,
  shape: readonly number[],
  dtype: Node["dtype"],
): Node {
  const Data = dtype === "float64" ? Float64Array : Float32Array;
  const column = graph.constant(Data.from(values), [values.length], dtype);
  return graph.broadcast(
    column,
    shape,
    shape.map((_, i) => i).filter((i) => i !== row),
  );
}

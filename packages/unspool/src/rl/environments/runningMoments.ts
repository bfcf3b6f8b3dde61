/**
 * Mean and squared deviations of observations, gathered while episodes are played: in float64, one observation after the
 * other within an episode (Welford), episodes in their order (Chan, Golub and LeVeque), so that the bits do not depend on
 * who has computed them.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";

/** Of all rows seen: plain numbers, [observation] row by row. */
export interface RunningMoments {
  count: number;
  mean: readonly number[];
  /** Sum of squared deviations from the mean. */
  squares: readonly number[];
}

/** The same inside of a program, float64. */
export type MomentTensors = { count: Tensor; mean: Tensor; squares: Tensor };

/** Nothing seen. */
export function emptyMoments(size: number): RunningMoments {
  const none = Array.from({ length: size }, () => 0);
  return { count: 0, mean: none, squares: none };
}

/** One after the other, by Chan, Golub and LeVeque's formula for two sets. */
export function addMoments(a: RunningMoments, b: RunningMoments): RunningMoments {
  if (b.count === 0) return a;
  if (a.count === 0) return b;
  if (a.mean.length !== b.mean.length)
    throw new ShapeError(
      "addMoments",
      `both must be of as many numbers, got ${a.mean.length} and ${b.mean.length}.`,
    );
  const count = a.count + b.count;
  const apart = b.mean.map((mean, i) => mean - a.mean[i]!);
  return {
    count,
    mean: a.mean.map((mean, i) => mean + (apart[i]! * b.count) / count),
    squares: a.squares.map(
      (squares, i) => squares + b.squares[i]! + (apart[i]! ** 2 * a.count * b.count) / count,
    ),
  };
}

/** Moments of rows of observations. */
export function momentsOf(rows: readonly ArrayLike<number>[]): RunningMoments {
  return rows.reduce<RunningMoments>(
    (all, row) => addMoments(all, { count: 1, mean: Array.from(row), squares: Array.from(row, () => 0) }),
    emptyMoments(rows[0]?.length ?? 0),
  );
}

/** Of [units] moments, in their order: the same bits whoever computed them. */
export function mergeMoments({ count, mean, squares }: MomentTensors): RunningMoments {
  const width = mean.size / count.size;
  const part = ({ data }: Tensor, i: number) => Array.from(data.subarray(i * width, (i + 1) * width));
  return Array.from(count.data).reduce<RunningMoments>(
    (all, seen, i) => addMoments(all, { count: seen, mean: part(mean, i), squares: part(squares, i) }),
    emptyMoments(width),
  );
}

/** Nothing seen, for observations of a shape. */
export function noMoments(shape: readonly number[]): MomentTensors {
  const none = np.zeros([...shape], { dtype: "float64" });
  return { count: tree.scalar(0, "float64"), mean: none, squares: none };
}

/** With one observation more, where `isCounted` (Welford). */
export function addToMoments(
  { count, mean, squares }: MomentTensors,
  observation: Tensor,
  isCounted: Tensor,
): MomentTensors {
  const wide = observation.astype("float64");
  const counted = isCounted.astype("float64");
  const seen = count.add(counted);
  // Without one seen the mean does not move, whatever it is divided by.
  const apart = np.where(isCounted, wide.sub(mean), np.zeros(wide.shape, { dtype: "float64" })) as Tensor;
  const moved = mean.add(apart.div(np.maximum(seen, 1) as Tensor));
  return { count: seen, mean: moved, squares: squares.add(apart.mul(wide.sub(moved)).mul(counted)) };
}

/**
 * The successor representation of PuddleWorld under random actions: how often, discounted, a walk from bin s is in bin b,
 *
 *     Ψ[s, b] = mean over walks of Σ_k γ^k 1[state k + 1 in b],    then each row less its mean.
 *
 * Rows are points of the square, looked up by their bin, so that a network of (x, y) can be their features.
 */
import { type Tensor, np, random, randomStream } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type SampledMatrix, defineMatrix } from "../sampledMatrix.ts";
import { type PuddleArena, type PuddlePoint, puddleArenas, puddleActions, puddleStep } from "./puddleStep.ts";

export interface PuddleWorldOptions {
  /** Default "sutton". */
  arena?: PuddleArena;
  /** Bins along each side, n: the matrix is n² by n². Default 10. */
  bins?: number;
  /** Walks from each bin, each from a point of it that is uniform. Default 100. */
  trajectories?: number;
  /** Moves of a walk. Default 50. */
  length?: number;
  /** γ. Default 0.9. */
  discount?: number;
  /** Standard deviation of the noise of a move, per axis. Default 0.01. */
  noise?: number;
  /** Default 0. */
  seed?: number;
}

export interface PuddleWorldSr {
  /** Ψ [n², n²], float32, rows less their means; row and column numbers are n · floor(y n) + floor(x n). */
  values: Tensor;
  /** The same before the means are taken off: rows sum to (1 - γ^length) / (1 - γ). float64. */
  visits: Tensor;
  /** Rows are points (x, y), uniform in the square; `allRows` are the centres of the bins. */
  matrix: SampledMatrix;
}

/** Bins [count] (int32) of points [count, 2]: n · floor(y n) + floor(x n), clipped to the square. */
export function binsOf(points: Tensor, bins: number): Tensor {
  const along = (axis: number): Tensor =>
    np.clip(np.floor(points.slice([], axis).mul(bins)), 0, bins - 1).astype("int32");
  return along(1).mul(bins).add(along(0));
}

/**
 * The successor representation of PuddleWorld under a random policy, by trajectories from every bin.
 *
 * Cost: n² · trajectories · length moves, about a microsecond each.
 */
export function puddleWorldSr(options: PuddleWorldOptions = {}): PuddleWorldSr {
  const where = "puddleWorldSr";
  requireKnownOptions(where, options, [
    ...(["arena", "bins", "trajectories", "length", "discount", "noise", "seed"] as const),
  ]);
  const { arena = "sutton", bins = 10, trajectories = 100, length = 50, discount = 0.9 } = options;
  const { noise = 0.01, seed = 0 } = options;
  requireOneOf(where, "arena", arena, Object.keys(puddleArenas));
  for (const [name, value] of Object.entries({ bins, trajectories, length }))
    requireInteger(where, name, value, 1);
  if (!(discount >= 0 && discount <= 1)) throw new OptionError(where, "discount", discount, "from 0 to 1");
  if (!(noise >= 0 && noise < Infinity))
    throw new OptionError(where, "noise", noise, "a finite number of at least 0");
  const size = bins * bins;
  const visits = new Float64Array(size * size);
  const walk = { puddles: puddleArenas[arena], bins, length, discount, noise };
  for (let bin = 0; bin < size; bin++) {
    const stream = randomStream(random.foldIn(random.key(seed), bin).data);
    const line = visits.subarray(bin * size, (bin + 1) * size);
    for (let i = 0; i < trajectories; i++) addWalk(walk, bin, stream, line, 1 / trajectories);
  }
  const table = np.array(visits, { shape: [size, size] });
  const values = table.sub(table.mean(1, { keepdims: true })).astype("float32");
  const flat = values.flatten();
  const centres = Array.from({ length: size }, (_, bin) => centre(bin, bins));
  const matrix = defineMatrix({
    ...{ name: "puddleWorldSr", columns: size },
    sampleRows: (key, count) => random.uniform(key, [count, 2]),
    allRows: np.array(centres),
    entries: (rows, column) => np.take(flat, binsOf(rows, bins).mul(size).add(column), 0) as Tensor,
  });
  return { values, visits: table, matrix };
}

const centre = (bin: number, bins: number): [number, number] => [
  ((bin % bins) + 0.5) / bins,
  (Math.floor(bin / bins) + 0.5) / bins,
];

interface Walk {
  puddles: (typeof puddleArenas)[PuddleArena];
  bins: number;
  length: number;
  discount: number;
  noise: number;
}

function addWalk(
  { puddles, bins, length, discount, noise }: Walk,
  from: number,
  stream: ReturnType<typeof randomStream>,
  visits: Float64Array,
  share: number,
): void {
  const cell = (x: number): number => Math.min(bins - 1, Math.floor(x * bins));
  let at: PuddlePoint = [
    ((from % bins) + stream.uniform()) / bins,
    (Math.floor(from / bins) + stream.uniform()) / bins,
  ];
  for (let k = 0, weight = share; k < length; k++, weight *= discount) {
    const action = puddleActions[stream.integer(4)]!;
    at = puddleStep(puddles, at, action, { noise: [noise * stream.normal(), noise * stream.normal()] });
    visits[cell(at[1]) * bins + cell(at[0])]! += weight;
  }
}

/** A pool of simulators as what search methods want to know: a loss for each of some candidates. */
import { tree } from "../../array/index.ts";
import { ShapeError, requireKnownOptions } from "../../errors.ts";
import { type EvaluateCandidates, candidatesOf, lossesOf } from "../../rl/index.ts";
import type { PoolPlayOptions, SimulatorPool } from "./simulatorPool.ts";

/**
 * Minus the mean return of each candidate, whose leaves one after the other are the numbers of the policy's theta. A
 * candidate in whose episodes something fails is not a bad one: what was thrown is thrown.
 */
export function poolLoss<Theta>(
  pool: SimulatorPool,
  options: Omit<PoolPlayOptions, "hasMoments"> = {},
): EvaluateCandidates<Theta> {
  requireKnownOptions("poolLoss", options, ["episodes", "isCommon", "steps", "discount", "filter"]);
  return (candidates, key) => {
    const count = candidatesOf("poolLoss", candidates);
    const { returns, innerSteps } = pool.play(flatCandidates(pool, candidates, count), key, options);
    return { losses: lossesOf(returns, count), innerSteps };
  };
}

/** [candidates, numbers of theta]. */
function flatCandidates({ sizes }: SimulatorPool, candidates: unknown, count: number): Float64Array {
  const leaves = tree.leaves(candidates).map(({ data }) => ({ data, width: data.length / count }));
  const size = leaves.reduce((sum, { width }) => sum + width, 0);
  if (size !== sizes.thetaSize)
    throw new ShapeError(
      "poolLoss",
      `a candidate must have ${sizes.thetaSize} numbers, as ${sizes.policy}'s theta has, got ${size}.`,
      { size: sizes.thetaSize, given: size },
    );
  const flat = new Float64Array(count * size);
  let at = 0;
  for (let candidate = 0; candidate < count; candidate++) {
    for (const { data, width } of leaves) {
      flat.set(data.subarray(candidate * width, (candidate + 1) * width), at);
      at += width;
    }
  }
  return flat;
}

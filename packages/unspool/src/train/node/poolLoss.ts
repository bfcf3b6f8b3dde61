/** A pool of simulators as what search methods want to know: a loss for each of some candidates. */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type EvaluateCandidates, candidatesOf, lossesOf, stackedNumbers } from "../../rl/index.ts";
import { type PoolPlayOptions, type SimulatorPool, playOptionNames } from "./simulatorPool.ts";

/**
 * Minus the mean return of each candidate, whose leaves one after the other are the numbers of the policy's theta. Where the
 * simulator breaks down in one of its episodes a candidate has failed, and its loss is NaN, which searches rank last; where
 * it does for all of several candidates, what the first episode threw is thrown. With `onBreakdown: "throw"` the first
 * breakdown ends the evaluation.
 */
export function poolLoss<Theta>(
  pool: SimulatorPool,
  options: Omit<PoolPlayOptions, "hasMoments"> = {},
): EvaluateCandidates<Theta> {
  requireKnownOptions("poolLoss", options, playOptionNames);
  if (pool?.sizes === undefined)
    throw new OptionError(
      "poolLoss",
      "pool",
      pool,
      "a pool of simulators",
      "Wait for simulatorPool to make one.",
    );
  const policy = { name: pool.sizes.policy, size: pool.sizes.thetaSize };
  return (candidates, key) => {
    const count = candidatesOf("poolLoss", candidates);
    const thetas = stackedNumbers("poolLoss", policy, candidates, count);
    const { returns, innerSteps, breakdown } = pool.play(thetas, key, { onBreakdown: "nan", ...options });
    const losses = lossesOf(returns, count);
    // Of a single candidate the search knows whether it can go on.
    if (breakdown !== undefined && count > 1 && losses.every((loss) => Number.isNaN(loss))) throw breakdown;
    return { losses, innerSteps };
  };
}

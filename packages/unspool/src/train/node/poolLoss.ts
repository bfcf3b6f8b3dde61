/** A pool of simulators as what search methods want to know: a loss for each of some candidates. */
import { requireKnownOptions } from "../../errors.ts";
import { type EvaluateCandidates, candidatesOf, lossesOf, stackedNumbers } from "../../rl/index.ts";
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
  const policy = { name: pool.sizes.policy, size: pool.sizes.thetaSize };
  return (candidates, key) => {
    const count = candidatesOf("poolLoss", candidates);
    const { returns, innerSteps } = pool.play(
      stackedNumbers("poolLoss", policy, candidates, count),
      key,
      options,
    );
    return { losses: lossesOf(returns, count), innerSteps };
  };
}

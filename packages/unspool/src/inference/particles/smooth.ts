/** Smoothed trajectories out of a sweep: the particles of the last step, and the ancestors that they come from. */
import { type Tensor, np, scan, tree } from "../../array/index.ts";
import { compiledOutside } from "./compiledOutside.ts";
import { shiftedWeights } from "./logSumExp.ts";
import type { Sweep } from "./particleSweep.ts";

/** Weighted trajectories. */
export interface SmoothedTrajectories {
  /** [T, K, dx]: trajectory k is `trajectories[:, k]`. */
  trajectories: Tensor;
  /** Weights of the trajectories, [K], which add up to 1: softmax of the last log-weights. */
  weights: Tensor;
  /** Which particle of step t trajectory k goes through, int32 [T, K]. */
  lineages: Tensor;
}

/** Walks ancestors back from the last step. Cost: T gathers of K. Traced or not. */
export const smooth: (sweep: Sweep) => SmoothedTrajectories = compiledOutside("smooth", walkedBack);

function walkedBack({ states, ancestors, logWeights }: Sweep): SmoothedTrajectories {
  const [steps, particles] = [states.shape[0]!, states.shape[1]!];
  const backwards = (x: Tensor): Tensor => np.flip(x, 0) as Tensor;
  const last = np.arange(particles).astype("int32");
  // After step t place k holds particle ancestors[t, k], whose child it is at step t + 1. The last step draws nothing.
  const walk = (place: Tensor, row: Tensor): [Tensor, Tensor] => {
    const particle = np.take(row, place, 0) as Tensor;
    return [particle, particle];
  };
  const [, rows] = scan(walk, last, backwards(ancestors), { length: steps });
  const lineages = backwards(rows);
  const flat = np.arange(steps).astype("int32").mul(tree.scalar(particles, "int32")).reshape([-1, 1]);
  const places = lineages.add(flat).flatten();
  const trajectories = np.take(states.reshape([steps * particles, -1]), places, 0) as Tensor;
  const { weights } = shiftedWeights(logWeights.slice(-1));
  return {
    trajectories: trajectories.reshape([...states.shape]),
    weights: weights.div(weights.sum()),
    lineages,
  };
}

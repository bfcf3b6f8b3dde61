/** What computes a run of `lila`, as plain data: options, and fingerprints of its programs. */
import { type Key, type Tensor, type Tree, random } from "../array/index.ts";
import { type Json, programFingerprint, shapes } from "../methods/index.ts";
import type { LilaSettings } from "./lilaOptions.ts";
import { type Hyperparameters, type LilaParts, lilaFunctions } from "./lilaPrograms.ts";
import type { LilaState, LilaTheta } from "./lilaTheta.ts";

export function lilaRecipe<Theta>(
  settings: LilaSettings<Theta>,
  parts: LilaParts<Theta>,
  theta: LilaTheta<Theta>,
  state: LilaState<Theta>,
): Record<string, Json> {
  return { ...recipeOf(settings), ...fingerprints(settings, parts, theta, state) };
}

/** Options that are numbers or names. */
function recipeOf<Theta>(settings: LilaSettings<Theta>): Record<string, Json> {
  const { structure = "kron", curvature = "ggn", priorStructure = "scalar" } = settings.evidence;
  const { mapOptimizer, priorOptimizer, etaOptimizer, learn } = settings;
  const { batchSize, fitBatch, hyperBatch, burnIn, frequency, hyperSteps, priorSteps } = settings;
  const { keepBest, gradient, rescale, onCollapse } = settings;
  return {
    optimizers: [mapOptimizer.name, priorOptimizer.name, etaOptimizer.name],
    evidence: [structure, curvature, priorStructure],
    learn: [...learn],
    ...{ batchSize, fitBatch, hyperBatch, burnIn, frequency, hyperSteps, priorSteps },
    ...{ keepBest, gradient, rescale, onCollapse },
  };
}

/** The programs of training and of the prior, with the numbers in them. */
function fingerprints<Theta>(
  { data, etaOptimizer }: LilaSettings<Theta>,
  parts: LilaParts<Theta>,
  theta: LilaTheta<Theta>,
  state: LilaState<Theta>,
): Record<string, Json> {
  const { train } = lilaFunctions(parts);
  const { network, ...at } = theta;
  const key = random.key(0);
  try {
    const own = (network_: Theta, at_: Hyperparameters, map: Tree, key_: Key, eta: Tree) => ({
      trained: train(network_, map, data, at_, key_),
      ranges: at_.eta.size === 0 ? {} : etaOptimizer.update<Tensor>(at_.eta, eta, at_.eta),
    });
    const { program, numbers } = programFingerprint("lila", own, [network, at, state.map, key, state.eta]);
    return { program, numbers, state: shapes(state) };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return { state: shapes(state) };
  }
}

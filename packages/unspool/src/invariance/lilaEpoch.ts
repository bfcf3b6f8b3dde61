/** The pieces of one epoch of `lila`, in the order in which they are done. */
import { type Key, type Tensor, type Tree, random, tree } from "../array/index.ts";
import { batchesOf } from "./batchesOf.ts";
import type { EvidenceFit, EvidencePart } from "./laplaceEvidence.ts";
import type { LilaSettings } from "./lilaOptions.ts";
import type { Hyperparameters, LilaPrograms, PriorParameters } from "./lilaPrograms.ts";
import type { LilaState, LilaTheta } from "./lilaTheta.ts";

/** The best theta so far, of this epoch included. */
export function bestOf<Theta>(
  { best, bestEvidence }: LilaState<Theta>,
  theta: LilaTheta<Theta>,
  logMarginal: number,
): Pick<LilaState<Theta>, "best" | "bestEvidence"> {
  return logMarginal > bestEvidence ? { best: theta, bestEvidence: logMarginal } : { best, bestEvidence };
}

export function trainEpoch<Theta>(
  { train }: LilaPrograms<Theta>,
  { data, batchSize }: LilaSettings<Theta>,
  { network, ...at }: LilaTheta<Theta>,
  start: Tree,
  key: Key,
): { theta: Theta; state: Tree; loss: number; batches: number } {
  const batches = batchesOf(data, batchSize, random.foldIn(key, "order"));
  let [theta, state, total] = [network, start, 0];
  batches.forEach((batch, i) => {
    const outcome = train(theta, state, batch, at, random.foldIn(key, i));
    [theta, state] = [outcome.theta, outcome.state];
    total += outcome.loss.item();
  });
  return { theta, state, loss: total / batches.length, batches: batches.length };
}

export function priorSteps<Theta>(
  { prior }: LilaPrograms<Theta>,
  count: number,
  { logDelta, logSigma }: LilaTheta<Theta>,
  start: Tree,
  fit: EvidenceFit,
): { theta: PriorParameters; state: Tree } {
  let outcome = { theta: { logDelta, ...(logSigma && { logSigma }) } as PriorParameters, state: start };
  for (let i = 0; i < count; i++) outcome = prior(outcome.theta, outcome.state, fit);
  return outcome;
}

/**
 * The derivative of the negative evidence by eta, of `hyperSteps` batches; with `rescale` as if they were all of the data, each
 * example counting the same.
 */
export function etaSlope<Theta>(
  { contract, byContraction, byDecomposition }: LilaPrograms<Theta>,
  { data, hyperBatch, hyperSteps, gradient, rescale }: LilaSettings<Theta>,
  { network, ...at }: LilaTheta<Theta>,
  { fit, parts }: { fit: EvidenceFit; parts: readonly EvidencePart[] },
  key: Key,
): Tensor {
  const batches = batchesOf(data, hyperBatch, random.foldIn(key, "order"));
  const isDirect = gradient === "direct";
  const contraction = isDirect ? {} : contract(at, fit);
  const whole = isDirect
    ? tree.map(
        (first, ...others) => others.reduce((sum, x) => sum.add(x), first),
        parts[0]!,
        ...parts.slice(1),
      )
    : parts[0]!;
  const slopes = Array.from({ length: hyperSteps }, (_, i) => {
    const [batch, own] = [batches[i % batches.length]!, random.foldIn(key, i)];
    return isDirect
      ? byDecomposition(network, batch, at, whole, own)
      : byContraction(network, batch, at, contraction, own);
  });
  const total = tree.total(slopes);
  if (!rescale) return total;
  const seen = slopes.reduce((sum, _, i) => sum + batches[i % batches.length]!.inputs.shape[0]!, 0);
  return total.mul(data.inputs.shape[0]! / seen);
}

export function numbersOf(tensors: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, value.item()]));
}

/** Metrics of the hyperparameters: every range by its name, log δ where it is one number, and log σ. */
export function hyperMetrics(
  parameters: readonly string[],
  { eta, logDelta, logSigma }: Hyperparameters,
): Record<string, number> {
  return {
    ...Object.fromEntries(parameters.map((name, i) => [`eta.${name}`, eta.data[i]!])),
    ...(logDelta.size === 1 && { logDelta: logDelta.item() }),
    ...(logSigma !== undefined && { logSigma: logSigma.item() }),
  };
}

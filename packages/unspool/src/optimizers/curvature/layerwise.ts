/**
 * What optimizers that precondition the gradient layer by layer share: momentum on the gradient, decoupled weight decay,
 * and what happens to parameters outside of layers.
 */
import { type Tensor, type Tree, tree } from "../../array/index.ts";
import { OptionError, requireOneOf } from "../../errors.ts";
import { atLeast0, atStep, belowOne, positive, requireHyperparameter } from "../hyperparameter.ts";
import { isFloatLeaf, mapFloats, zeros } from "../leaves.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { type LayerBlock, type Registration, withBlocks } from "./layerBlocks.ts";

/** What becomes of parameters outside of layers: an error that names them, or their plain gradient is taken. */
export type Generic = "error" | "sgd";

export interface LayerwiseRule {
  readonly learningRate: Hyperparameter;
  readonly momentum: Hyperparameter;
  readonly weightDecay: Hyperparameter;
  readonly generic: Generic;
}

/** Throws `OptionError` for a value that is not allowed. */
export function requireLayerwise(where: string, rule: LayerwiseRule): void {
  requireHyperparameter(where, "learningRate", rule.learningRate, positive);
  requireHyperparameter(where, "momentum", rule.momentum, belowOne);
  requireHyperparameter(where, "weightDecay", rule.weightDecay, atLeast0);
  requireOneOf(where, "generic", rule.generic, ["error", "sgd"]);
}

/** Throws `OptionError` that names a float leaf outside of layers, unless `generic` says what to do with it. */
export function requireRegistered(
  where: string,
  theta: unknown,
  { parameters }: Registration,
  generic: Generic,
): void {
  if (generic !== "error") return;
  const leaves = new Map(tree.entries(theta));
  const loose = parameters.find(({ path, block }) => block === undefined && isFloatLeaf(leaves.get(path)!));
  if (loose === undefined) return;
  throw new OptionError(
    where,
    `theta at "${loose.path}"`,
    leaves.get(loose.path)!.toString(),
    "a parameter of a layer",
    `${loose.why}. Compute it through the layers that the network is given, or set generic: "sgd".`,
  );
}

/** The state of momentum: nothing where there is none. */
export function startVelocity(rule: LayerwiseRule, theta: unknown): { velocity?: Tree } {
  return rule.momentum === 0 ? {} : { velocity: zeros(theta) };
}

/** velocity ← momentum · velocity + gradient; the gradient itself where there is no momentum. */
export function nextVelocity<T>(
  { momentum }: LayerwiseRule,
  state: { step: Tensor; velocity?: Tree },
  gradient: T,
): T {
  if (state.velocity === undefined) return gradient;
  const kept = atStep(momentum, state.step);
  return mapFloats((g, v) => v!.mul(kept(v!)).add(g), gradient, state.velocity);
}

/** theta - learningRate · (direction + weightDecay · theta); the direction of leaves outside of layers is the velocity. */
export function moved<Theta>(
  rule: LayerwiseRule,
  step: Tensor,
  theta: Theta,
  velocity: unknown,
  layers: { blocks: readonly LayerBlock[]; directions: readonly Tensor[] },
): Theta {
  const direction = withBlocks(velocity, layers.blocks, layers.directions);
  const [rate, decay] = [atStep(rule.learningRate, step), atStep(rule.weightDecay, step)];
  const hasDecay = rule.weightDecay !== 0;
  return mapFloats((x, d) => x.sub((hasDecay ? d!.add(x.mul(decay(x))) : d!).mul(rate(x))), theta, direction);
}

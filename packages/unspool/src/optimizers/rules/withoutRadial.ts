/**
 * Steps without their part along the weights, for weights whose length means nothing because a normalisation follows (Heo
 * et al., ICLR 2021): what `adamp` and `sgdp` share. Gradients are then orthogonal to the weights, by which they are known.
 *
 *     per unit, then per leaf:  if max |cos(w, g)| < threshold / √(elements of w):  u ← u - (ŵ · u) ŵ,   ŵ = w / ‖w‖
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type ValueFor, atLeast0, requireHyperparameter } from "../hyperparameter.ts";
import { isFloatLeaf, normAlong } from "../leaves.ts";
import type { Hyperparameter } from "../optimizer.ts";

export interface RadialOptions {
  /** Part of theta that is taken away per step, before the learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /** Weight decay of leaves whose steps lost their radial part, in units of that of the others. Default 0.1. */
  decayRatio?: Hyperparameter;
  /** Cosine below which weights and gradient count as orthogonal, in units of that of random vectors. Default 0.1. */
  threshold?: Hyperparameter;
  /** Axis of the outputs of a leaf of rank 2 or more; negative: from the last. Default -1. */
  unitAxis?: number;
}

export const radialDefaults: Required<RadialOptions> = {
  weightDecay: 0,
  decayRatio: 0.1,
  threshold: 0.1,
  unitAxis: -1,
};

export function requireRadial(where: string, options: Required<RadialOptions>): void {
  requireHyperparameter(where, "weightDecay", options.weightDecay, atLeast0);
  requireHyperparameter(where, "decayRatio", options.decayRatio, atLeast0);
  requireHyperparameter(where, "threshold", options.threshold, atLeast0);
  if (!Number.isInteger(options.unitAxis))
    throw new OptionError(where, "unitAxis", options.unitAxis, "an integer");
}

/** Values of the options at a step. */
export interface RadialValues {
  decay: ValueFor;
  decayRatio: ValueFor;
  threshold: ValueFor;
  eps: ValueFor;
  unitAxis: number;
}

/**
 * Theta less `rate` times the direction without its radial part, and less decay: theta · rate · weightDecay · `longer`,
 * times `decayRatio` where the radial part was taken away. Scalars and vectors keep theirs.
 */
export function descendWithoutRadial<Theta>(
  theta: Theta,
  gradient: unknown,
  direction: unknown,
  rate: ValueFor,
  values: RadialValues,
  longer: (leaf: Tensor) => number | Tensor = () => 1,
): Theta {
  return tree.map(
    (x, g, u) => {
      if (!isFloatLeaf(x)) return x;
      const { step, isProjected } =
        x.ndim < 2 || x.size === 0
          ? { step: u!, isProjected: tree.scalar(0, "bool") }
          : withoutRadial(x, g!, u!, values);
      const full = x.mul(values.decay(x)).mul(longer(x));
      const decay = np.where(isProjected, full.mul(values.decayRatio(x)), full);
      return x.sub(step.add(decay).mul(rate(x)));
    },
    theta,
    gradient,
    direction,
  );
}

/** A step of a leaf of rank 2 or more. */
function withoutRadial(
  x: Tensor,
  g: Tensor,
  u: Tensor,
  { threshold, eps, unitAxis }: RadialValues,
): { step: Tensor; isProjected: Tensor } {
  const all = Array.from({ length: x.ndim }, (_, i) => i);
  const outputs = unitAxis < 0 ? x.ndim + unitAxis : unitAxis;
  const views = [all.filter((axis) => axis !== outputs), all].map((axes) => {
    const [length, slope] = [x, g].map((of) => normAlong(of, axes).length.add(eps(x))) as [Tensor, Tensor];
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    const unit = x.div(length);
    const cosine = np.abs(unit.mul(g).sum(axes, { keepdims: true }).div(slope)).max();
    const isOrthogonal = cosine.mul(Math.sqrt(count)).less(threshold(x));
    const radial = unit.mul(unit.mul(u).sum(axes, { keepdims: true }));
    return { isOrthogonal, step: u.sub(radial) };
  });
  const [unit, leaf] = views as [(typeof views)[number], (typeof views)[number]];
  return {
    step: np.where(unit.isOrthogonal, unit.step, np.where(leaf.isOrthogonal, leaf.step, u)),
    isProjected: np.logicalOr(unit.isOrthogonal, leaf.isOrthogonal) as Tensor,
  };
}

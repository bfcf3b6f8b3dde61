/**
 * Learned optimizers that treat every parameter alone and alike: each scalar has a state of its own, and all share one
 * rule. Such an optimizer is a dynamical system driven by the gradient, which can be taken apart
 * (`componentSystem`). Maheswaranathan, Sussillo, Metz, Sun and Sohl-Dickstein, NeurIPS 2021.
 *
 *     h ← F(g, h),   p ← p + r(h, g)
 */
import { type Key, type Tensor, type Tensors, type Tree, np } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient } from "../leaves.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";

/** The rule that all parameters share, on P of them at a time. */
export interface ComponentwiseRule<Meta> {
  readonly name: string;
  /** Numbers of state per parameter, n. */
  readonly size: number;
  /** False where r or F jumps at g = 0, so that its slope there is no derivative. Default true. */
  readonly isSmooth?: boolean;
  init(key: Key): Meta;
  /** State before the first step, [n]. */
  start(meta: Meta): Tensor;
  /** F: new states [P, n] from gradients [P] and states [P, n]. */
  next(meta: Meta, gradients: Tensor, states: Tensor): Tensor;
  /** r: changes of the parameters [P] from the new states [P, n] and the gradients [P]. */
  readout(meta: Meta, states: Tensor, gradients: Tensor): Tensor;
}

export type ComponentwiseState = {
  step: Tensor;
  /** For each tensor of theta its shape with a trailing axis of n. */
  states: Tree;
};

export interface ComponentwiseOptimizer<Meta = Tree> extends LearnedOptimizer<Meta, ComponentwiseState> {
  readonly rule: ComponentwiseRule<Meta>;
}

/** The learned optimizer of a rule. */
export function componentwise<Meta>(rule: ComponentwiseRule<Meta>): ComponentwiseOptimizer<Meta> {
  return {
    name: rule.name,
    rule,
    init: (key) => rule.init(key),
    optimizer(given: Tensors<Meta> | Meta) {
      const meta = given as Meta;
      return {
        name: rule.name,
        init: (theta) => ({
          step: counter(),
          states: mapFloats((x) => startStates(rule.start(meta), x), theta as Tree),
        }),
        update(gradient, { step, states }, theta) {
          requireGradient(rule.name, theta, gradient, { step });
          const moved = mapFloats((h, g) => nextStates(rule, meta, h, g), states, gradient);
          return {
            theta: mapFloats((x, h, g) => x.add(changes(rule, meta, h, g)), theta, moved, gradient),
            state: { step: advance(step), states: moved },
          };
        },
      };
    },
  };
}

function startStates(start: Tensor, x: Tensor): Tensor {
  const zeros = np.zeros([...x.shape, start.shape[0]!], { dtype: x.dtype });
  return zeros.add(asType(start, x.dtype));
}

function nextStates<Meta>(rule: ComponentwiseRule<Meta>, meta: Meta, h: Tensor, g: Tensor): Tensor {
  if (!isFloatLeaf(g)) return h;
  return rule.next(meta, g.reshape([-1]), h.reshape([-1, rule.size])).reshape([...h.shape]);
}

function changes<Meta>(rule: ComponentwiseRule<Meta>, meta: Meta, h: Tensor, g: Tensor): Tensor {
  return rule.readout(meta, h.reshape([-1, rule.size]), g.reshape([-1])).reshape([...g.shape]);
}

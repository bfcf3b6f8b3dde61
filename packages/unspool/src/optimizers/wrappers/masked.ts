/**
 * Training a part of theta, a common practice: the inner optimizer sees chosen leaves only, the others keep their
 * value.
 *
 *     theta_c ← inner.update(g_c, theta_c)   for the chosen leaves c
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "./leafChoice.ts";
import { advance, counter, requireGradient, thetaEntries } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface MaskedOptions {
  /** Leaves that are trained: a predicate of path and leaf, or paths. Default: all. */
  trained?: LeafChoice;
}

export const maskedDefaults: Required<MaskedOptions> = { trained: () => true };

/** The chosen leaves by their path in theta. */
type Chosen = Record<string, Tensor>;

/**
 * An optimizer of some leaves of theta. The inner state has no memory for the others; its trees are records with
 * the paths of the chosen leaves as names. Cost: that of the inner optimizer on the chosen leaves.
 *
 * @example
 * const optimizer = masked(adam(), { trained: (path) => !path.startsWith("embedding") });
 */
export function masked<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: MaskedOptions = {},
): Optimizer<WrappedState<Inner>> {
  requireOptimizer("masked", inner);
  const { trained } = withDefaults("masked", options, maskedDefaults);
  const isTrained = leafPredicate("masked", "trained", trained);
  const { secondMoment, evaluationTheta, moveTo } = inner;

  /** Leaves of `values` at the places that are chosen in theta. */
  const choose = (theta: unknown, values: unknown): Chosen => {
    const chosen: Chosen = {};
    tree.mapWithPath(
      (path, leaf, value) => {
        if (isTrained(path, leaf)) chosen[path] = value!;
        return leaf;
      },
      theta,
      values,
    );
    if (Object.keys(chosen).length > 0) return chosen;
    const paths = tree.entries(theta).map(([path]) => path);
    throw new OptionError(
      "masked",
      "trained",
      trained,
      "true for at least one leaf",
      `Paths: ${paths.join(", ")}.`,
    );
  };
  const merge = <Theta>(
    theta: Theta,
    chosen: Chosen,
    other: (leaf: Tensor) => Tensor = (leaf) => leaf,
  ): Theta =>
    tree.mapWithPath((path, leaf) => (Object.hasOwn(chosen, path) ? chosen[path]! : other(leaf)), theta);

  return {
    name: `masked(${inner.name})`,
    ...passOn<WrappedState<Inner>, Inner>(inner),
    ...(secondMoment && {
      secondMoment: <Theta>(state: WrappedState<Inner>, theta: Theta) =>
        merge(theta, secondMoment(state.inner, choose(theta, theta)), np.zerosLike),
    }),
    ...(evaluationTheta && {
      evaluationTheta: <Theta>(state: WrappedState<Inner>, theta: Theta) =>
        merge(theta, evaluationTheta(state.inner, choose(theta, theta))),
    }),
    ...(moveTo && {
      moveTo: <Theta>(state: WrappedState<Inner>, theta: Theta) => ({
        ...state,
        inner: moveTo(state.inner, choose(theta, theta)),
      }),
    }),
    init(theta) {
      thetaEntries("masked", theta);
      requireLeaves("masked", "trained", trained, theta);
      return { step: counter(), inner: inner.init(choose(theta, theta)) };
    },
    update(gradient, state, theta, observed) {
      requireGradient("masked", theta, gradient, state);
      const moved = inner.update(choose(theta, gradient), state.inner, choose(theta, theta), observed);
      return { theta: merge(theta, moved.theta), state: { step: advance(state.step), inner: moved.state } };
    },
  };
}

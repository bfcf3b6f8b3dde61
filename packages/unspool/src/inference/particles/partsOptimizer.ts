/** An optimizer for each part of a particle bound's theta: a model of few numbers and the networks of a proposal want other rates. */
import { type Tensor, type Tensors, type Tree, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Optimizer, requireOptimizer } from "../../optimizers/index.ts";

/** Optimizers by part; a part without one stays as it is. */
export interface PartOptimizers {
  /** Of the model. */
  model?: Optimizer;
  /** Of the proposal. */
  proposal?: Optimizer;
  /** Of the twist. */
  twist?: Optimizer;
}

/**
 * The optimizer of `{ model, proposal, twist }`. Its state has the parts' own states by their names. Cost: that of the parts.
 *
 * @example
 * descent(particleBoundEstimator(options), partsOptimizer({ model: adam({ learningRate: 0.02 }), proposal: adam() }));
 */
export function partsOptimizer(parts: PartOptimizers): Optimizer {
  const where = "partsOptimizer";
  requireKnownOptions(where, parts, ["model", "proposal", "twist"]);
  const given: [string, Optimizer][] = Object.entries(parts);
  if (given.length === 0)
    throw new OptionError(where, "options", parts, "an optimizer for at least one part");
  for (const [part, optimizer] of given) requireOptimizer(where, optimizer, part);
  /** Those whose part has something to move. */
  const of = (theta: unknown): [string, Optimizer, unknown][] =>
    given.flatMap(([part, optimizer]) => {
      const own = (theta as Record<string, unknown>)[part];
      return own === undefined || tree.leaves(own).length === 0 ? [] : [[part, optimizer, own]];
    });
  return {
    name: where,
    init: (theta) => ({
      step: tree.scalar(0, "int32"),
      ...Object.fromEntries(of(theta).map(([part, optimizer, own]) => [part, optimizer.init(own)])),
    }),
    update<Theta>(gradient: Tensors<Theta>, state: Tree, theta: Theta) {
      const states = state as Record<string, Tree>;
      const gradients = gradient as Record<string, Tensors<unknown>>;
      const moved = of(theta).map(
        ([part, optimizer, own]) => [part, optimizer.update(gradients[part]!, states[part]!, own)] as const,
      );
      const next = <Value>(pick: (one: (typeof moved)[number][1]) => Value): Record<string, Value> =>
        Object.fromEntries(moved.map(([part, one]) => [part, pick(one)]));
      const step = (states["step"] as Tensor).add(tree.scalar(1, "int32"));
      return {
        theta: { ...theta, ...next((one) => one.theta) } as Theta,
        state: { ...states, step, ...next((one) => one.state) },
      };
    },
  };
}

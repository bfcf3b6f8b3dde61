/**
 * What an optimizer does with a gradient when it is in a given state: the change of the parameter as a function of g.
 * A straight line through 0 is gradient descent, a shift of it momentum, a bend saturation. Maheswaranathan et al.,
 * NeurIPS 2021.
 *
 *     u(g; h) = r(F(g, h), g)
 *     S(g) = -(u(g) - u(-g)) / (2 g s(h)):   1 where u is linear, towards 0 where it saturates
 */
import type { ComponentSystem } from "./componentSystem.ts";
import { type SlopeOptions, effectiveLearningRate } from "./linearize.ts";

/** u at each of the gradients. */
export function updateFunction(
  system: ComponentSystem,
  state: Float64Array,
  gradients: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(gradients, (g) => system.readout(system.step(g, state), g));
}

/** S at each of the gradients; 1 at g = 0. */
export function saturation(
  system: ComponentSystem,
  state: Float64Array,
  gradients: ArrayLike<number>,
  options: SlopeOptions = {},
): Float64Array {
  const slope = effectiveLearningRate(system, state, options);
  const up = updateFunction(system, state, gradients);
  const down = updateFunction(
    system,
    state,
    Float64Array.from(gradients, (g) => -g),
  );
  return up.map((change, i) => {
    const g = gradients[i]!;
    return g === 0 ? 1 : -(change - down[i]!) / (2 * g * slope);
  });
}

/** A check of steps from outside: numbers that are no numbers, with the step and the layer that they came from. */
import { type Tensor, type Tree, tree } from "../../array/index.ts";
import { NonFiniteError } from "../../errors.ts";
import type { StepOutcome } from "./objective.ts";

/** Members of a curvature optimizer's state that hold one record per layer. */
const byLayer = ["factors", "inverses", "curvature"];

/**
 * Throws `NonFiniteError` if the loss, the state or theta after a step is not finite: factors of layers come before
 * what is computed from them, and theta last. `details` have `step` (from 1), `quantity` and, of factors, `layer`.
 *
 * @example
 * const outcome = requireFiniteStep("kfac", step(theta, state, batch, key));
 */
export function requireFiniteStep<Theta, State extends Tree>(
  where: string,
  outcome: StepOutcome<Theta, State>,
): StepOutcome<Theta, State> {
  const { loss, state, theta } = outcome;
  const all = [...tree.entries({ loss }), ...tree.entries(state), ...tree.entries({ theta })];
  const found = all.find(([, leaf]) => !tree.isFinite(leaf));
  if (found === undefined) return outcome;
  const [quantity, leaf] = found;
  const step = (state as { step: Tensor }).step.item();
  const [member, ...rest] = quantity.split(".");
  const layer = byLayer.includes(member!) ? rest.slice(0, -1).join(".") : undefined;
  const value = [...leaf.data].find((x) => !Number.isFinite(x));
  const place = layer === undefined ? quantity : `${member} (${rest.at(-1)}) of layer "${layer}"`;
  const hasFactors = byLayer.some((name) => name in state);
  const hint = hasFactors
    ? "Raise the damping or lower the learning rate; float64 helps where a factor is nearly singular."
    : "Lower the learning rate, clip gradients, or look for a loss that is not finite by itself.";
  throw new NonFiniteError(where, `${place} has ${value} at step ${step}. ${hint}`, {
    step,
    quantity,
    ...(layer !== undefined && { layer }),
  });
}

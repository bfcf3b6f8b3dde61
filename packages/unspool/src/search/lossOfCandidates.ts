/** Candidates evaluated by a function of theta: for objectives that are no loop. */
import { type Key, Tensor, vmap } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import type { Evaluate } from "./evaluate.ts";

/**
 * Losses of candidates by `loss`, a function of ONE theta made of `np` functions, compiled for all of them together. An
 * evaluation counts as one inner step of each candidate.
 *
 * @example
 * const sphere = lossOfCandidates((theta: { x: Tensor }) => theta.x.mul(theta.x).sum());
 * const method = askTell({ search: cmaEs(), evaluate: sphere });
 */
export function lossOfCandidates<Theta>(loss: (theta: Theta, key: Key) => Tensor): Evaluate<Theta> {
  if (typeof loss !== "function")
    throw new OptionError("lossOfCandidates", "loss", loss, "a function of theta that returns a scalar");
  const all = compiled("losses of candidates", (candidates: Theta, key: Key): Tensor => {
    const one = (theta: Theta): Tensor => {
      const given: unknown = loss(theta, key);
      if (Tensor.is(given) && given.ndim === 0) return given.astype("float64");
      throw new OptionError("lossOfCandidates", "what loss returned", given, "a scalar tensor");
    };
    return vmap(one)(candidates);
  });
  return (candidates, key) => {
    const losses = all(candidates, key).data;
    return { losses, innerSteps: losses.length };
  };
}

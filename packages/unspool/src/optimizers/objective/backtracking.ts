/** Line search by a fixed number of halvings, as straight code that a compiler can unroll. */
import { type Tensor, lax, np, scan } from "../../array/index.ts";
import { addScaled } from "../floatVector.ts";

/** Part of the decrease that the slope promises which a step must bring. Nocedal and Wright 2006, section 3.1. */
const sufficientPart = 1e-4;

export interface Backtracked {
  /** The first length that Armijo's condition accepts; 0 if it accepts none. Differentiable in `from`. */
  length: Tensor;
  /** The loss at the longest step tried. */
  firstLoss: Tensor;
}

/**
 * Tries x + t · direction for t = from, from / 2, …, `halvings` times halved, and takes the first with
 * loss(x + t · direction) <= loss(x) + 1e-4 · t · slope. All are computed: halvings + 1 losses.
 */
export function backtracking(
  loss: (leaves: Tensor[]) => Tensor,
  start: { leaves: Tensor[]; loss: Tensor; direction: Tensor[]; slope: Tensor },
  from: Tensor,
  halvings: number,
): Backtracked {
  const { leaves, direction, slope } = start;
  type Carry = { found: Tensor; trial: Tensor };
  const step = ({ found, trial }: Carry): [Carry, Tensor] => {
    const there = lax.stopGradient(loss(addScaled(leaves, trial, direction)));
    const bound = start.loss.add(trial.mul(slope).mul(sufficientPart));
    // NaN is not accepted.
    const isAccepted = there.lessEqual(bound);
    const isOpen = found.lessEqual(0);
    const accepted = np.where(isAccepted, trial, np.zerosLike(trial));
    return [{ found: np.where(isOpen, accepted, found), trial: trial.mul(0.5) }, there];
  };
  const [{ found }, losses] = scan(step, { found: np.zerosLike(from), trial: from }, undefined, {
    length: halvings + 1,
  });
  return { length: found, firstLoss: losses.slice(0) };
}

/**
 * Linear systems with quadratic loss: everything about them (gradients, window by window, and variances of
 * estimators) is known in closed form, so estimators are tested on them.
 *
 *     s' = A s + B theta,   l = |s' - target|² / 2
 */
import { requireKnownOptions } from "../errors.ts";
import { type Tensor, np } from "../array/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export interface LinearSystemOptions {
  /** [n][n]. */
  transition: number[][];
  /** [n][p]. */
  control: number[][];
  /** [n]. */
  start: number[];
  /** [n]. */
  target: number[];
  /** Steps of a trajectory, T. */
  horizon: number;
}

/** Theta is a vector [p], the state a vector [n]. `finalLoss` is the loss of the last state. */
export function linearSystem(options: LinearSystemOptions): Problem<Tensor, Tensor, undefined> {
  requireKnownOptions("linearSystem", options, ["transition", "control", "start", "target", "horizon"]);
  const { transition, control, start, target, horizon } = options;
  const exact = { dtype: "float64" } as const;
  const [a, b, goal] = [np.array(transition, exact), np.array(control, exact), np.array(target, exact)];
  const distance = (s: Tensor): Tensor => {
    const miss = s.sub(goal.astype(s.dtype));
    return miss.mul(miss).sum().mul(0.5);
  };
  return defineProblem({
    name: "linearSystem",
    horizon,
    init: () => np.array(start, exact),
    step(theta: Tensor, s: Tensor) {
      const next = np.matmul(a.astype(s.dtype), s).add(np.matmul(b.astype(s.dtype), theta));
      return { state: next, loss: distance(next) };
    },
    finalLoss: (_theta, s: Tensor) => distance(s),
  });
}

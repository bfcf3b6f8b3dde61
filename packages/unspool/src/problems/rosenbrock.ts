/**
 * Rosenbrock's curved valley (1960): its floor is found at once, the way along it is long.
 *
 *     f(x, y) = (1 - x)² + 100 (y - x²)²,   start uniform in a square
 */
import { type Tensor, random } from "../array/index.ts";
import { requirePositive, requireKnownOptions } from "../errors.ts";
import { type TaskFamily, singleTask } from "./task.ts";

export interface RosenbrockOptions {
  /** Starts are drawn from [-reach, reach]². Default 2. */
  reach?: number;
}

/** Parameters: `{ x }` of two numbers. */
export function rosenbrock(
  options: RosenbrockOptions = {},
): TaskFamily<Record<string, never>, { x: Tensor }, undefined> {
  requireKnownOptions("rosenbrock", options, ["reach"]);
  const { reach = 2 } = options;
  requirePositive("rosenbrock", "reach", reach);
  return singleTask({
    name: "rosenbrock",
    init: (key) => ({ x: random.uniform(key, [2], { minval: -reach, maxval: reach }) }),
    loss({ x }: { x: Tensor }) {
      const [a, b] = [x.slice(0), x.slice(1)];
      const [near, off] = [a.neg().add(1), b.sub(a.mul(a))];
      return near.mul(near).add(off.mul(off).mul(100));
    },
  });
}

/** A theta with leaves that have no elements: every optimizer moves the others as if those were not there. */
import { expect, test } from "vitest";
import { np } from "../array/index.ts";
import { createOptimizer, optimizerNames } from "./registry.ts";
import { withLoss } from "./testing.ts";

type Theta = Record<string, unknown>;

/** Optimizers in which the leaves, or the order of the draws for them, have to do with each other. */
const drawn = new Set(["gradientNoise"]);

test.each(optimizerNames.map((name) => [name]))("%s", (name) => {
  const optimizer = withLoss(createOptimizer(name, {}));
  const weights = np.array([[0.5, -1, 2], [1, 0.25, -0.5]]); // prettier-ignore
  const gradient = weights.mul(0.3).add(0.1);
  const run = (extra: Theta): unknown => {
    let theta: Theta = { weights, ...extra };
    let state = optimizer.init(theta);
    for (let step = 0; step < 3; step++) {
      ({ theta, state } = optimizer.update({ weights: gradient, ...extra }, state, theta) as never);
    }
    for (const [leaf, value] of Object.entries(extra)) expect(String(theta[leaf])).toBe(String(value));
    return (theta["weights"] as typeof weights).toArray();
  };
  const moved = run({ nothing: np.zeros([0]), rows: np.zeros([0, 3]) });
  if (!drawn.has(name)) expect(moved).toEqual(run({}));
});

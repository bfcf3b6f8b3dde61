import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";
import { estimators } from "../estimators/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { trajectoryGradients } from "./trajectoryGradients.ts";

/** s' = 0.8 s + theta + noise, l = (s - 1)² / 2, six steps. */
const system = defineProblem({
  name: "system",
  horizon: 6,
  init: (_theta: Tensor, key) => random.normal(key),
  step(theta: Tensor, s, { key }) {
    const next = s.mul(0.8).add(theta).add(random.normal(key).mul(0.1));
    const miss = next.sub(1);
    return { state: next, loss: miss.mul(miss).mul(0.5) };
  },
  finalLoss: (_theta, s) => s.mul(s),
});

const theta = np.array(0.3);
const options = { truncation: 2, pairs: 3, tasks: 3, sigma: 0.1 };

/** These make their estimates one by one. */
const alone = ["bptt", "tbptt", "pesAnalytic", "telescopingPes", "mixture", "reparameterisedEs"];

test.each(estimators.filter(({ name }) => !alone.includes(name)))(
  "$name: samples from windows in one call are those of windows one by one, bit for bit",
  (entry) => {
    const known = Object.entries(options).filter(([name]) =>
      (entry.options as readonly string[]).includes(name),
    );
    const estimator = entry.create(system, Object.fromEntries(known));
    const run = { windows: entry.isWhole ? 1 : 3, isMean: true, samples: 4, key: random.key(1) };
    const { recurrence, ...withoutRecurrence } = estimator;
    expect(recurrence?.innerSteps).toBeGreaterThan(0);
    const gradients = (of: typeof withoutRecurrence) =>
      [...trajectoryGradients(of, theta, run)].map(({ gradient }) => [...gradient]);
    const together = gradients(estimator);
    expect(together).toHaveLength(4);
    expect(new Set(together.flat()).size).toBe(4);
    expect(together).toEqual(gradients(withoutRecurrence));
  },
);

test("a loss that is not finite is an error that names the estimate", () => {
  const broken = defineProblem({
    horizon: 4,
    init: () => ({ s: 1 }),
    step: (by: Tensor, { s }) => ({ state: { s: s.mul(by) }, loss: np.log(s.mul(-1)) }),
  });
  const estimator = estimators
    .find(({ name }) => name === "pes")!
    .create(broken, { truncation: 2, nanPolicy: "error" });
  const run = { windows: 2, isMean: true, samples: 1, key: random.key(0) };
  expect(() => [...trajectoryGradients(estimator, np.array(1), run)]).toThrow(NonFiniteError);
});

/** Bounds of the Gaussian drift, of which everything is known in closed form. */
import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree, valueAndGrad, vmap } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { driftSolution } from "../stateSpace/gaussianDrift.ts";
import { particleBound } from "./particleBound.ts";
import { bootstrap } from "./proposals/bootstrap.ts";
import type { Resampler } from "./resampling/resampler.ts";
import { manySweeps, meanOf, solvedDrift } from "./testing.ts";
import { gaussHermite } from "./twists/gaussHermite.ts";

// log N(y; alpha (T + 1), T + 1), computed in NumPy.
test.each([
  [10, 0, 6, -3.7542498059674942],
  [3, 0.3, 2, -1.6920857137646181],
])("the evidence of %s steps, drift %s and y = %s", (steps, alpha, y, expected) => {
  expect(driftSolution(alpha, steps).logEvidence(y)).toBeCloseTo(expected, 13);
});

test.each([
  [1, "float64", "always", 1e-9],
  [4, "float64", "always", 1e-9],
  [64, "float64", "always", 1e-9],
  [10, "float64", "ess", 1e-9],
  [10, "float32", "always", 1e-3],
] as const)(
  "with the best twist and proposal %s particles have no variance (%s, %s)",
  (particles, dtype, criterion, within) => {
    const { model, proposal, twist, theta, series, logEvidence } = solvedDrift(0, 10, 6, dtype);
    const bound = particleBound({ model, proposal, twist, particles, criterion });
    for (const value of manySweeps(bound, theta, series, 8))
      expect(Math.abs(value - logEvidence)).toBeLessThan(within);
  },
);

test("without a twist the same proposal is exact only where nothing is resampled", () => {
  const { model, proposal, theta, series, logEvidence } = solvedDrift(0, 10, 6);
  const own = { ...theta, twist: {} };
  const gap = (
    bound: ReturnType<typeof particleBound<typeof theta.model, typeof theta.proposal>>,
    count = 4,
  ) => logEvidence - meanOf(manySweeps(bound, own, series, count)).mean;
  expect(Math.abs(gap(particleBound({ model, proposal, bound: "iwae", particles: 4 })))).toBeLessThan(1e-9);
  expect(Math.abs(gap(particleBound({ model, proposal, bound: "elbo" })))).toBeLessThan(1e-9);
  // Measured with NumPy over 2000 sweeps: 0.97 at K = 10, with a standard error of a sweep of about 1.1.
  const fivo = particleBound({ model, proposal, particles: 10, criterion: "always" });
  expect(Math.abs(gap(fivo, 2000) - 0.97)).toBeLessThan(0.12);
});

// 2-D Gauss-Hermite with 160 nodes (mpmath-checked in NumPy): T = 2, K = 2, the best proposal, always resampled.
test.each([
  [0, 3, -2.9682446775387277, -3.04821143568396],
  [0.5, 1, -1.5099113442053942, -1.5191711622284338],
])("FIVO is not tight: alpha = %s, y = %s", (alpha, y, evidence, expected) => {
  const { model, theta, proposal, series, logEvidence } = solvedDrift(alpha, 2, y);
  expect(logEvidence).toBeCloseTo(evidence, 12);
  const { nodes, weights } = gaussHermite(160);
  // The proposal's first draws at the nodes: its mean and deviation are those of x_0.
  const at = { mean: y / 3, sd: Math.sqrt(2 / 3) };
  const pairs = nodes.flatMap((a, i) =>
    nodes.map((b, j) => ({ a, b, weight: (weights[i]! * weights[j]!) / Math.PI })),
  );
  const draws = np.array(
    pairs.map(({ a, b }) => [a, b].map((node) => [at.mean + Math.SQRT2 * at.sd * node])),
    { dtype: "float64" },
  );
  const choices = [[0, 0], [0, 1], [1, 0], [1, 1]]; // prettier-ignore
  const run = compiled(
    "enumerated",
    (x: Tensor, own: typeof theta) =>
      np.stack(
        choices.map((choice) =>
          vmap((pair: Tensor) => {
            const fixed: Resampler = {
              name: "fixed",
              ancestors: () => np.array(choice, { dtype: "int32" }),
              logProbability: (logWeights) => {
                const w = np.exp(logWeights.sub(logWeights.max())) as Tensor;
                const p = w.div(w.sum());
                return (np.log(np.take(p, np.array(choice, { dtype: "int32" }), 0)) as Tensor).sum();
              },
            };
            const drawn = {
              ...proposal,
              propose: (params: typeof theta.proposal, place: Parameters<typeof proposal.propose>[1]) => {
                const q = proposal.propose(params, place);
                // Of the second step the weights do not depend on the draw.
                return { ...q, sample: () => pair };
              },
            };
            const bound = particleBound({
              ...{ model, proposal: drawn, particles: 2, criterion: "always" as const, resampler: fixed },
            });
            const { logAncestors, logIncrements } = bound.sweep({ ...own, twist: {} }, series, random.key(0));
            const share = np.exp(logAncestors.slice(0)) as Tensor;
            const later = logIncrements.slice(1).mul(share);
            return np.stack([logIncrements.slice(0).mul(share), later]) as Tensor;
          })(x),
        ),
        0,
      ) as Tensor,
  );
  const values = run(draws, theta).data; // [4, pairs, 2]
  const mean = (part: number): number =>
    choices.reduce(
      (sum, _, c) =>
        sum +
        pairs.reduce((own, { weight }, p) => own + weight * values[(c * pairs.length + p) * 2 + part]!, 0),
      0,
    );
  expect(mean(0) + mean(1)).toBeCloseTo(expected, 10);
  if (alpha === 0) expect(mean(0)).toBeCloseTo(-0.3824087505832, 10);
  if (alpha === 0) expect(mean(1)).toBeCloseTo(-2.6658026851007603, 10);
});

test("gradients are those of finite differences, with every checkpoint policy", () => {
  const { model, proposal, twist, theta, series } = solvedDrift(0.2, 5, 2);
  const wrong = { ...theta, twist: { ...theta.twist, shift: theta.twist.shift.mul(0.5).add(0.1) } };
  const gradients = (["all", "sqrt"] as const).map((checkpoints) => {
    const bound = particleBound({ model, proposal, twist, particles: 4, criterion: "always", checkpoints });
    const run = compiled("gradient", (at: typeof theta, key: Key) =>
      valueAndGrad((own: typeof theta) => bound.logEvidence(own, series, key))(at),
    );
    return run(wrong, random.key(3))[1];
  });
  for (const other of gradients.slice(1))
    expect(tree.norm(tree.subtract(gradients[0]!, other)).item()).toBeLessThan(1e-12);
  const bound = particleBound({ model, proposal, twist, particles: 4, criterion: "always" });
  const value = compiled("value", (at: typeof theta) => bound.logEvidence(at, series, random.key(3)));
  const step = 1e-6;
  const moved = (by: number) => ({
    ...wrong,
    model: { alpha: wrong.model.alpha.add(by) },
    twist: { ...wrong.twist, shift: wrong.twist.shift.add(by) },
  });
  const slope = (value(moved(step)).item() - value(moved(-step)).item()) / (2 * step);
  const own = gradients[0]!.model.alpha.sum().item() + gradients[0]!.twist.shift.sum().item();
  expect(own).toBeCloseTo(slope, 7);
});

test("the twist alone shrinks the gap of the bootstrap proposal", () => {
  const { model, twist, theta, series, logEvidence } = solvedDrift(0, 10, 6);
  const own = { ...theta, proposal: {} };
  const gap = (bound: Parameters<typeof manySweeps<typeof theta.model, object, object>>[0], at: typeof own) =>
    logEvidence - meanOf(manySweeps(bound, at, series, 500)).mean;
  const blind = particleBound({ model, proposal: bootstrap(), particles: 10, criterion: "always" });
  const twisted = particleBound({ model, proposal: bootstrap(), twist, particles: 10, criterion: "always" });
  // 4.6 and 0.31 over 2000 sweeps in NumPy.
  expect(gap(blind, { ...own, twist: {} as never })).toBeGreaterThan(8 * gap(twisted as never, own));
});

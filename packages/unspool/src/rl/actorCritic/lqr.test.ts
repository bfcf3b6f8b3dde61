/** The whole estimator on a linear system, whose objective has a closed form (method card, computed by quadrature). */
import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { moments } from "../../numerics/index.ts";
import { lqr } from "../environments/lqr.ts";
import { segmentRecords } from "./playedSegments.ts";
import { linearPolicy } from "./policies/linearPolicy.ts";
import { segmentAdvantages } from "./segmentAdvantages.ts";
import { segmentPlayer } from "./segmentPlayer.ts";
import { hermiteNodes, pushedMass, segmentValues, valueAt } from "./testing.ts";

const gains = [-1, -1] as const;
const sigma = 0.1;
const steps = 50;

/** The expected return and its gradient at gains (-1, -1), sigma 0.1, W = diag(1e-3, 4e-3), by segment length. */
const exact = {
  1: { J: -12.998657111424, gradient: [-5.062552904499, -3.072377677836] },
  5: { J: undefined, gradient: [-5.085298818798, -3.135549515223] },
  50: { J: -13.104481319517, gradient: [-5.217459391598, -3.192385751948] },
} as const;

test("quadrature is exact for polynomials", () => {
  const nodes = hermiteNodes(24);
  expect(nodes).toHaveLength(24);
  // Moments of the normal distribution: 1, 1, 3, 15, 105.
  [1, 1, 3, 15, 105].forEach((moment, k) =>
    expect(nodes.reduce((sum, [x, w]) => sum + w * x ** (2 * k), 0) / moment).toBeCloseTo(1, 11),
  );
});

/** E V(x_0) with x_0 ~ N(0, diag(1, 0.5)). */
const startValue = (segmentLength: number, at: readonly [number, number]): number => {
  const [first] = segmentValues(pushedMass, at, { sigma, segmentLength, steps });
  return -(first!.p[0]![0]! + 0.5 * first!.p[1]![1]! + first!.c);
};

test.each([1, 5, 50] as const)(
  "the exact value has the card's numbers, N = %s",
  { tags: ["long"] },
  (segmentLength) => {
    const { J, gradient } = exact[segmentLength];
    if (J !== undefined) expect(startValue(segmentLength, gains)).toBeCloseTo(J, 11);
    const h = 1e-5;
    [0, 1].forEach((i) => {
      const moved = (by: number) => [gains[0] + (i === 0 ? by : 0), gains[1] + (i === 1 ? by : 0)] as const;
      const slope = (startValue(segmentLength, moved(h)) - startValue(segmentLength, moved(-h))) / (2 * h);
      expect(slope).toBeCloseTo(gradient[i]!, 6);
    });
  },
);

test("with the exact critic the mean of the estimates is the gradient of the segment-wise objective", () => {
  const segmentLength = 5;
  const samplers = 1000;
  const segments = steps / segmentLength;
  const environment = lqr({ noiseCovariance: [[1e-3, 0], [0, 4e-3]], dtype: "float64" }); // prettier-ignore
  const policy = linearPolicy(environment, { dtype: "float64" });
  const theta = { weights: np.array([...gains], { shape: [1, 2], dtype: "float64" }) };
  const player = segmentPlayer(environment, policy, { sigma, segmentLength, samplers });
  const key = random.key(1);
  const played = player.play(theta, player.start(theta, key), key, segments);
  const exactValues = segmentValues(pushedMass, gains, { sigma, segmentLength, steps });
  // Only values at the edges of segments count where lambda is 1: those between telescope.
  const values = new Float64Array(played.observations.length / 2);
  for (let i = 0; i < samplers * segments; i++)
    for (const k of [0, segmentLength]) {
      const row = i * (segmentLength + 1) + k;
      const value = exactValues[(i % segments) + (k === 0 ? 0 : 1)]!;
      values[row] = valueAt(value, played.observations[2 * row]!, played.observations[2 * row + 1]!);
    }
  const { discount } = pushedMass;
  const noise = player.perturbations(theta, key, segments).weights.data;
  const estimates = moments(2);
  const returns = moments(1);
  segmentRecords(played, values).forEach((record, sampler) => {
    const advantages = segmentAdvantages(record, { discount, lambda: 1 });
    const sum = [0, 0];
    advantages.forEach((advantage, h) => {
      const scale = (discount ** (h * segmentLength) * advantage) / sigma;
      for (const j of [0, 1]) sum[j]! += scale * noise[(sampler * segments + h) * 2 + j]!;
    });
    estimates.add(sum);
    returns.add([Array.from(record.rewards).reduce((total, r, t) => total + discount ** t * r, 0)]);
  });
  const errors = estimates.standardError();
  exact[5].gradient.forEach((value, j) =>
    expect(Math.abs(estimates.mean[j]! - value) / errors[j]!).toBeLessThan(4),
  );
  const J = startValue(segmentLength, gains);
  expect(Math.abs(returns.mean[0]! - J) / returns.standardError()[0]!).toBeLessThan(4);
  // The sum that the method takes is that of the same perturbations.
  const weights = new Float64Array(samplers * segments).fill(0.5);
  const weighed = player.weigh(theta, key, weights).weights.data;
  for (const j of [0, 1]) {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += 0.5 * noise[2 * i + j]!;
    expect(weighed[j]).toBeCloseTo(sum, 8);
  }
});

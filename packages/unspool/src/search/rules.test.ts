/** Rules that no published program was at hand for with injected draws: by hand, by their laws, and by what they reach. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, randomStream, tree } from "../array/index.ts";
import { bayesianOptimization, bayesianOptimizationRules } from "./bayesianOptimization.ts";
import { bipopCmaEs, nextRun } from "./bipopCmaEs.ts";
import { type RestartState, restartRules } from "./cmaRestarts.ts";
import { differentialEvolutionRules } from "./differentialEvolution.ts";
import { ipopCmaEs } from "./ipopCmaEs.ts";
import { nelderMead } from "./nelderMead.ts";
import { particleSwarmRules } from "./particleSwarm.ts";
import { quasiRandomSearch } from "./quasiRandomSearch.ts";
import { createSearch } from "./registry.ts";
import { simulatedAnnealingRules } from "./simulatedAnnealing.ts";
import { generations, listStream, rosenbrock, sphere } from "./testing.ts";
import { numbersOf } from "./vectorSearch.ts";

const streamOf = (seed: number) => randomStream(random.key(seed).data);

describe("differential evolution", () => {
  test("makes a trial point of three others and crosses it, by hand", () => {
    const rules = differentialEvolutionRules({ population: 4, weight: 0.5, crossover: 0.9 });
    // Three more members in two dimensions; then for each member: indices a, b, c, the random index, two uniform numbers.
    const draws = [1, 0, 0, 1, -1, 2].map((x) => x / 0.3);
    const trial = [1, 2, 3, 0, 0.95, 0.5, /**/ 1, 0, 0, 2, 3, 1, 0.95, 0.95, /**/ 0, 1, 3, 0, 0, 0, /**/ 0, 1, 2, 1, 0, 0]; // prettier-ignore
    const stream = listStream([...draws, ...trial]);
    const first = rules.init({ start: Float64Array.of(0, 0), box: undefined, stream });
    expect([...numbersOf(first.members)].map((x) => Math.round(x * 1e12) / 1e12)).toEqual([
      0, 0, 1, 0, 0, 1, -1, 2,
    ]);
    const asked = rules.ask(first, stream);
    const told = rules.tell(asked.own, asked.candidates, Float64Array.of(4, 1, 2, 3)).own;
    const next = rules.ask(told, stream).candidates;
    // Member 0: x1 + (x2 - x3) / 2 = (1.5, -0.5); the first number is always taken, the second by 0.5 < 0.9.
    // Member 1: itself and a repeat are drawn again: x0 + (x2 - x3) / 2 = (0.5, -0.5), of which only the second is taken.
    // Members 2 and 3: x0 + (x1 - x3) / 2 = (1, -1), x0 + (x1 - x2) / 2 = (0.5, -0.5).
    const expected = [1.5, -0.5, 1, -0.5, 1, -1, 0.5, -0.5];
    next.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12));
    // Members that are no worse are replaced.
    const after = rules.tell(told, next, Float64Array.of(4, 2, Infinity, 1)).own;
    [1.5, -0.5, 1, 0, 0, 1, 0.5, -0.5].forEach((x, i) => expect(after.members.data[i]).toBeCloseTo(x, 12));
    expect([...after.losses.data]).toEqual([4, 1, 2, 1]);
  });

  /** SciPy 1.17's differential_evolution (rand1bin, popsize 10, mutation 0.5, recombination 0.9, deferred, no polish) in [-5, 5]^5: median of 20 seeds 101 generations of the sphere to 1e-8. */
  test("needs as many generations as SciPy's", () => {
    const rules = differentialEvolutionRules({ population: 50 });
    const counts = Array.from({ length: 9 }, (_, seed) => {
      const stream = streamOf(seed);
      const box = { low: new Float64Array(5).fill(-5), high: new Float64Array(5).fill(5) };
      let own = rules.init({ start: Float64Array.of(4, -3, 2, 4, 4), box, stream });
      for (let count = 1; count < 1000; count++) {
        const asked = rules.ask(own, stream);
        const losses = Float64Array.from({ length: 50 }, (_x, k) =>
          sphere(asked.candidates.subarray(5 * k, 5 * k + 5)),
        );
        if (Math.min(...losses) < 1e-8) return count;
        own = rules.tell(asked.own, asked.candidates, losses).own;
      }
      return 1000;
    }).toSorted((a, b) => a - b);
    expect(counts[4]!).toBeGreaterThan(101 * 0.85);
    expect(counts[4]!).toBeLessThan(101 * 1.15);
  });
});

test("a particle moves by inertia and by the pulls of its own best and of the swarm's, by hand", () => {
  const rules = particleSwarmRules({ population: 2, inertia: 0.5, ownPull: 1, swarmPull: 2, sigma: 1 });
  // The second particle; the aims of both, of which the first is the start again; then uniform pairs of each number.
  const stream = listStream([1, 3, /* moves */ 0.5, 0.25, 1, 1, /* and again */ 0.5, 0.5, 0.25, 0.75]);
  const first = rules.init({ start: Float64Array.of(0), box: undefined, stream });
  expect([...first.positions.data]).toEqual([0, 1]);
  expect([...first.velocities.data]).toEqual([0, 1]);
  let asked = rules.ask(first, stream);
  let own = rules.tell(asked.own, asked.candidates, Float64Array.of(5, 2)).own;
  asked = rules.ask(own, stream);
  // v0 = 0 + 0.5 (0 - 0) + 2 · 0.25 (1 - 0) = 0.5;  v1 = 0.5 · 1 + 0 + 0 = 0.5.
  expect([...asked.candidates]).toEqual([0.5, 1.5]);
  own = rules.tell(asked.own, asked.candidates, Float64Array.of(1, 3)).own;
  expect([...own.best.data]).toEqual([0.5, 1]);
  // v0 = 0.25;  v1 = 0.25 + 0.25 (1 - 1.5) + 2 · 0.75 (0.5 - 1.5) = -1.375.
  expect([...rules.ask(own, stream).candidates]).toEqual([0.75, 0.125]);
});

test("annealing at a constant temperature has Boltzmann's mean loss: d T / 2 of a sphere of |x|²", () => {
  const rules = simulatedAnnealingRules({ population: 50, temperature: 0.5, cooling: 1 });
  const stream = streamOf(1);
  let own = rules.init({ start: new Float64Array(2), box: undefined, stream });
  const means: number[] = [];
  for (let step = 0; step < 600; step++) {
    const asked = rules.ask(own, stream);
    const losses = Float64Array.from({ length: 50 }, (_, k) =>
      sphere(asked.candidates.subarray(2 * k, 2 * k + 2)),
    );
    own = rules.tell(asked.own, asked.candidates, losses).own;
    if (step >= 100) means.push(numbersOf(own.losses).reduce((sum, loss) => sum + loss / 50, 0));
  }
  // |x|² is exponential with mean T = 0.5: 25,000 states of chains that forget in about ten steps have an error of 0.01.
  expect(means.reduce((sum, one) => sum + one / means.length, 0)).toBeCloseTo(0.5, 1);
  expect(own.temperature).toBe(0.5);
});

test("annealing takes its first temperature from the first losses, and cools", () => {
  const rules = simulatedAnnealingRules({ population: 2, cooling: 0.5 });
  const stream = streamOf(2);
  const asked = rules.ask(rules.init({ start: Float64Array.of(1), box: undefined, stream }), stream);
  const { own } = rules.tell(asked.own, asked.candidates, Float64Array.of(1, 5));
  // Deviation of 1 and 5: 2.
  expect(own.temperature).toBe(1);
});

describe("restarts", () => {
  const state = (part: Partial<RestartState>): RestartState =>
    ({ largeRuns: 0, largeBefore: 0, smallBefore: 0, ...part }) as RestartState;
  const given = { population: 10, sigma: 2, growth: 2 };

  test("BIPOP: the first run counts as small, and the kind that has used less follows", () => {
    expect(nextRun(state({ smallBefore: 500 }), given, () => 0.5)).toMatchObject({
      population: 20,
      isSmall: false,
    });
    const small = nextRun(state({ largeRuns: 2, largeBefore: 3000, smallBefore: 500 }), given, () => 0.5);
    // lambda (4 / 2)^(1/4), sigma 10^-1, half of the evaluations of the large runs.
    expect(small).toEqual({
      population: Math.floor(10 * 2 ** 0.25),
      sigma: 0.2,
      isSmall: true,
      budget: 1500,
    });
    expect(nextRun(state({ largeRuns: 2, largeBefore: 3000, smallBefore: 3000 }), given, () => 0.5).population).toBe(80); // prettier-ignore
  });

  test.each([
    ["ipopCmaEs", ipopCmaEs],
    ["bipopCmaEs", bipopCmaEs],
  ] as const)("%s begins again once it has converged, with another population", (_name, make) => {
    const search = make<Tensor>({ sigma: 1, population: 6 });
    let current = search.init(np.array([2, -1]), random.key(0));
    const populations: number[] = [];
    for (let i = 0; i < 260; i++) {
      const asked = search.ask(current, random.key(i));
      const count = asked.candidates.shape[0]!;
      if (populations.at(-1) !== count) populations.push(count);
      const losses = Array.from({ length: count }, (_x, k) =>
        sphere(Float64Array.from(asked.candidates.data.subarray(2 * k, 2 * k + 2))),
      );
      current = search.tell(asked.state, losses).state;
    }
    expect(populations.slice(0, 2)).toEqual([6, 12]);
    expect(current.bestLoss).toBeLessThan(1e-9);
    expect(sphere(Float64Array.from(search.incumbent(current).data))).toBeCloseTo(current.bestLoss, 12);
  });

  test("a run of equal losses ends after 10 + ceil(30 d / lambda) generations", () => {
    const rules = restartRules("test", { sigma: 1, population: 6 }, () => ({ population: 7, sigma: 1, isSmall: false, budget: Infinity })); // prettier-ignore
    const runs = (count: number): number => generations(rules, [1, 1], () => 3, count, streamOf(3)).restarts;
    expect([runs(20), runs(21)]).toEqual([0, 1]);
  });

  test("refuses a growth that does not grow", () => {
    expect(() => ipopCmaEs({ growth: 1 })).toThrow(/growth must be a finite number above 1, got 1/);
    expect(() => bipopCmaEs({ lossTolerance: -1 })).toThrow(/lossTolerance/);
  });
});

describe("Bayesian optimisation", () => {
  const branin = ([x, y]: readonly number[]): number =>
    (y! - (5.1 * x! ** 2) / (4 * Math.PI ** 2) + (5 * x!) / Math.PI - 6) ** 2 +
    10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x!) +
    10;

  test("finds the minimum of Branin's function, 0.397887, in 40 evaluations", () => {
    const search = bayesianOptimization<Tensor>({
      box: { low: np.array([-5, 0]), high: np.array([10, 15]) },
    });
    let state = search.init(np.array([2.5, 7.5]), random.key(1));
    let count = 0;
    while (count < 40) {
      const asked = search.ask(state, random.foldIn(random.key(2), count));
      const n = asked.candidates.shape[0]!;
      count += n;
      const losses = Array.from({ length: n }, (_, k) =>
        branin([...asked.candidates.data.subarray(2 * k, 2 * k + 2)]),
      );
      state = search.tell(asked.state, losses).state;
    }
    expect(state.bestLoss).toBeLessThan(0.41);
  });

  test("several candidates of a step are apart, and points beyond the most are the best and the latest", () => {
    const rules = bayesianOptimizationRules({ population: 3, initial: 4, mostPoints: 6 });
    const stream = streamOf(4);
    let own = rules.init({ start: Float64Array.of(0.1), box: undefined, stream });
    const told: number[] = [];
    for (let i = 0; i < 4; i++) {
      const asked = rules.ask(own, stream);
      const losses = asked.candidates.map((x) => Math.sin(5 * x) + x * x);
      told.push(...losses);
      if (i > 0) expect(new Set(asked.candidates).size).toBe(3);
      own = rules.tell(asked.own, asked.candidates, losses).own;
    }
    const kept = [...own.losses.data];
    expect(kept).toHaveLength(6);
    expect(Math.min(...kept)).toBe(Math.min(...told));
    expect(kept).toContain(told.at(-1));
  });

  test("the model is fitted again after each twentieth part more, and told what it is between", () => {
    const rules = bayesianOptimizationRules({});
    const start = rules.init({ start: Float64Array.of(0), box: undefined, stream: streamOf(1) });
    const at = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const first = rules.tell(start, at, at.map((x) => x * x)); // prettier-ignore
    const fit = first.own.hyperparameters.data;
    const more = (own: typeof start, x: number) =>
      rules.tell(own, Float64Array.of(x), Float64Array.of(x * x));
    // 41 of every 2 is none; the 42nd is.
    const second = more(first.own, 0.4);
    expect([...second.own.hyperparameters.data]).toEqual([...fit]);
    expect(second.own.losses.data).toHaveLength(41);
    expect(second.metrics).toEqual({ noise: Math.exp(fit.at(-1)!) });
    expect([...more(second.own, 0.7).own.hyperparameters.data]).not.toEqual([...fit]);
  });

  test("more than 20 numbers are refused, with what to use", () => {
    expect(() => bayesianOptimization<Tensor>().init(np.zeros([21]), random.key(0))).toThrow(
      /at most 20: .* got 21. Use cmaEs/,
    );
  });
});

test("without scrambling, quasi-random candidates in a box are Halton's points", () => {
  const search = quasiRandomSearch<Tensor>({ isScrambled: false, population: 2, box: { low: 0, high: 2 } });
  const { candidates } = search.ask(search.init(np.array([1, 1]), random.key(0)), random.key(1));
  [1, 2 / 3, 0.5, 4 / 3].forEach((x, i) => expect(candidates.data[i]).toBeCloseTo(x, 6));
});

test("a simplex that starts at the upper bound goes the other way", () => {
  const search = nelderMead<Tensor>({ sigma: 0.5, box: { low: 0, high: 1 } });
  const { candidates } = search.ask(search.init(np.array([1, 0.2]), random.key(0)), random.key(1));
  [1, 0.2, 0.5, 0.2, 1, 0.7].forEach((x, i) => expect(candidates.data[i]).toBeCloseTo(x, 6));
});

/** Long after it has converged, a search's numbers are still finite. */
test.each([
  "cmaEs",
  "sepCmaEs",
  "ipopCmaEs",
  "bipopCmaEs",
  "xnes",
  "snes",
  "pgpe",
  "openaiEs",
  "ars",
  "differentialEvolution",
  "particleSwarm",
  "simulatedAnnealing",
  "nelderMead",
])(
  "%s goes on after it has converged", // prettier-ignore
  { tags: ["long"] },
  (name) => {
    const search = createSearch<Tensor>(name, { sigma: 0.5, population: 4 });
    let state = search.init(np.array([1, 1, 1], { dtype: "float64" }), random.key(0));
    for (let i = 0; i < 600; i++) {
      const asked = search.ask(state, random.foldIn(random.key(3), i));
      const count = asked.candidates.shape[0]!;
      const losses = Array.from(
        { length: count },
        (_, k) =>
          // A sum that rounds: near (3, 3, 3) all losses are equal.
          1 + sphere(Float64Array.from(asked.candidates.data.subarray(3 * k, 3 * k + 3), (x) => x - 3)),
      );
      state = search.tell(asked.state, losses).state;
    }
    expect(tree.isFinite(search.incumbent(state))).toBe(true);
    expect(Number.isFinite((state as { bestLoss: number }).bestLoss)).toBe(true);
  },
);

test("restarts leave Rosenbrock's valley behind", () => {
  const rules = restartRules("test", { sigma: 0.3 }, () => ({ population: 20, sigma: 0.3, isSmall: false, budget: Infinity })); // prettier-ignore
  let least = Infinity;
  generations(rules, [-1.2, 1, 0.5], (x) => {
    const loss = rosenbrock(x);
    least = Math.min(least, loss);
    return loss;
  }, 200, streamOf(5)); // prettier-ignore
  expect(least).toBeLessThan(1e-10);
});

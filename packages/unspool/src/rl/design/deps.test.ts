/**
 * The estimator against the closed form of the linear-Gaussian system, and its surrogate against a trajectory that was
 * worked out in NumPy and PyTorch in float64.
 */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree, vjp } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { deps } from "./deps.ts";
import { type DepsEstimator, depsEstimator } from "./depsEstimator.ts";
import type { DepsEstimatorOptions } from "./depsOptions.ts";
import { designTask } from "./designTask.ts";
import { categoricalPolicy } from "./policies/categoricalPolicy.ts";
import { gaussianPolicy } from "./policies/gaussianPolicy.ts";
import { type LinearFeedbackTheta, linearFeedback } from "./policies/linearFeedback.ts";
import { linearGaussianDesign } from "./systems/linearGaussianDesign.ts";
import { massSpringDamper } from "./systems/massSpringDamper.ts";
import { type DesignTheta, type TermsRule, recordedTerms } from "./trajectories.ts";
import { weightedScores } from "./designSurrogate.ts";

const wide = (numbers: number[]): Tensor => np.array(numbers, { dtype: "float64" });
const listOf = (x: Tensor): number[] => Array.from(x.data, Number);

const both: TermsRule = {
  actions: "score",
  disturbance: "score",
  hasStateScores: true,
  stateCotangentClip: null,
  initialStateGradient: false,
  hasEntropy: false,
};

describe("the surrogate on a recorded trajectory of the mass-spring-damper", () => {
  const parts = {
    task: massSpringDamper(),
    policy: categoricalPolicy({ observations: 3, actions: 5, hidden: [], dtype: "float64" }),
    rule: both,
  };
  // Rows of the source are actions; ours are inputs.
  const rows = [
    [0.1, -0.2, 0.3],
    [0, 0.1, -0.1],
    [0.05, 0, 0.2],
    [-0.1, 0.15, 0],
    [0.2, -0.05, -0.3],
  ];
  const theta = {
    design: wide([0.7, 0.4, 0.3, -0.1, 0.6]),
    policy: [
      {
        weights: np.array(
          [0, 1, 2].map((i) => rows.map((row) => row[i]!)),
          { dtype: "float64" },
        ),
        bias: wide([0.1, 0, -0.1, 0.2, -0.2]),
      },
    ],
  };
  const draws = {
    start: np.array([[0.201, -0.004]], { dtype: "float64" }),
    actions: np.array([[4], [1], [2]], { dtype: "int32" }),
    disturbances: np.array([[0.215], [0.19], [0.2035]], { dtype: "float64" }),
  };
  type Theta = typeof theta;
  const objective = (at: Theta, weight = 0.4) => {
    const terms = recordedTerms(parts, at, draws);
    const scores = terms.logPolicy!.add(terms.logDisturbance!);
    return weightedScores(scores, wide([weight]))
      .add(terms.reward.sum(0))
      .sum();
  };

  test("states, log-densities and rewards", () => {
    const terms = recordedTerms(parts, theta, draws);
    const states = listOf(terms.state);
    [0.201, -0.004, 0.20131857379946, 0.0166453036998, 0.20212842134619, 0.01574947193199].forEach((x, i) =>
      expect(states[i]).toBeCloseTo(x, 13),
    );
    expect(terms.logPolicy!.sum().item()).toBeCloseTo(-5.049590630531, 11);
    expect(terms.logDisturbance!.sum().item()).toBeCloseTo(8.221762664957, 11);
    expect(terms.reward.sum().item()).toBeCloseTo(2.848322059254, 11);
    expect(objective(theta).item()).toBeCloseTo(4.117190873025, 11);
  });

  test("the state after it", () => {
    const { task } = parts;
    const last = recordedTerms(parts, theta, draws).state.slice(2, 0);
    const end = task.dynamics(theta.design, last, tree.scalar(2, "int32"), wide([0.2035]).slice(0));
    listOf(end).forEach((x, i) => expect(x).toBeCloseTo([0.20303416193745, 0.02045449586265][i]!, 13));
  });

  test("its derivatives by design and policy", () => {
    const [, [slopes]] = vjp((at: Theta) => objective(at), [theta], tree.scalar(1, "float64"));
    const { design, policy } = slopes;
    const byDesign = [-0.2694693589033, 0.6136875779124, 0.011393288237, -0.011393288237, -0.0045573152948];
    listOf(design).forEach((x, i) => expect(x).toBeCloseTo(byDesign[i]!, 12));
    const byBias = [-0.2438985992167, 0.1549305244594, 0.1848786489049, -0.2981155483236, 0.202204974176];
    listOf(policy[0]!.bias).forEach((x, i) => expect(x).toBeCloseTo(byBias[i]!, 12));
    const byFirst = [-0.0708687572106, -0.1043593436638, -0.0022839124568];
    listOf(policy[0]!.weights.slice([], 0)).forEach((x, i) => expect(x).toBeCloseTo(byFirst[i]!, 12));
  });

  test(
    "a bound of the state's cotangent changes nothing below it, and shortens what is above",
    { tags: ["long"] },
    () => {
      const slopes = (bound: number | null): number[] => {
        const rule = { ...both, stateCotangentClip: bound };
        const of = (at: Theta): Tensor => recordedTerms({ ...parts, rule }, at, draws).logDisturbance!.sum();
        return listOf(vjp(of, [theta], tree.scalar(1, "float64"))[1][0].design);
      };
      expect(slopes(1e11)).toEqual(slopes(null));
      // Bound 1: a cotangent g becomes g / max(1, |g|), so no state hands on more than 1 to the design of the step before.
      expect(Math.abs(slopes(1)[0]!)).toBeLessThan(Math.abs(slopes(null)[0]!));
    },
  );
});

const linear = linearGaussianDesign({ design: ["a", "b", "s"] });
const feedback = linearFeedback({ gain: [[-0.6]], deviation: 0.3, learnsDeviation: true });
const linearTheta: DesignTheta<LinearFeedbackTheta> = {
  design: np.array([0.9, 0.5, 0.2]),
  policy: { gain: np.array([[-0.6]]), deviation: np.array(0.3) },
};
/** dV by a, b, s, k, p (closed form). */
const exact = [-15.942286656, 1.86319478016, -2.2318987264, -1.697791584, -1.1369620224];

type Options = Partial<DepsEstimatorOptions<Tensor, LinearFeedbackTheta>>;

/** Mean and standard error of the gradient of V, and the standard deviation of one trajectory's part of it. */
function measured(options: Options, calls: number, batch = 1000) {
  const estimator: DepsEstimator<LinearFeedbackTheta> = depsEstimator({
    task: linear,
    policy: feedback,
    batch,
    ...options,
  });
  const state = estimator.init(linearTheta);
  const rows = Array.from({ length: calls }, (_, i) => {
    const { gradient } = estimator.estimate(linearTheta, state, random.foldIn(random.key(5), i));
    return [gradient.design, gradient.policy.gain, gradient.policy.deviation!].flatMap(listOf).map((x) => -x);
  });
  return exact.map((_, j) => {
    const column = rows.map((row) => row[j]!);
    const mean = column.reduce((a, b) => a + b, 0) / calls;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (calls - 1);
    return { mean, error: Math.sqrt(variance / calls), perSample: Math.sqrt(variance * batch) };
  });
}

const zs = (found: ReturnType<typeof measured>): number[] =>
  found.map(({ mean, error }, j) => (mean - exact[j]!) / error);

describe("the gradient on the linear-Gaussian system", () => {
  test.each<[string, Options]>([
    ["as published, but for the bias of the baseline", { baseline: "leaveOneOut" }],
    ["without a baseline", { baseline: "none" }],
    ["with credit to go", { baseline: "leaveOneOut", credit: "to-go" }],
    ["with reparameterised disturbances", { baseline: "leaveOneOut", disturbance: "reparam" }],
    ["with reparameterised actions", { baseline: "leaveOneOut", actions: "reparam" }],
    ["with both reparameterised", { disturbance: "reparam", actions: "reparam" }],
  ])("is unbiased %s", { tags: ["long"] }, (_, options) => {
    zs(measured(options, 60)).forEach((z) => expect(Math.abs(z)).toBeLessThan(4));
  });

  test("is biased where states are held fixed in the scores", () => {
    // Two of the five: -16.750 and 2.278 of the same estimator in PyTorch, with standard errors of 0.006 and 0.004.
    const [a, b] = measured({ hasStateScores: false, baseline: "leaveOneOut" }, 60);
    expect(Math.abs(a!.mean + 16.75)).toBeLessThan(4 * Math.hypot(a!.error, 0.006));
    expect(Math.abs(b!.mean - 2.278)).toBeLessThan(4 * Math.hypot(b!.error, 0.004));
  });

  test(
    "the share of the scores in the design's gradient is between 0 and 1, and 0 where there are none",
    { tags: ["long"] },
    () => {
      const shareOf = (options: Options): number => {
        const estimator = depsEstimator({
          task: linear,
          policy: feedback,
          measuresScoreShare: true,
          ...options,
        });
        return estimator.estimate(linearTheta, estimator.init(linearTheta), random.key(1)).metrics
          .scoreShare!;
      };
      const share = shareOf({});
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
      expect(shareOf({ disturbance: "reparam", actions: "reparam" })).toBe(0);
    },
  );

  test("entropy moves the policy's deviation by weight · decay^step", () => {
    const estimator = (weight: number) =>
      depsEstimator({ task: linear, policy: feedback, entropy: { weight, decay: 0.5 } });
    const slope = (weight: number, step: number): number => {
      const { gradient } = estimator(weight).estimate(
        linearTheta,
        { step: tree.scalar(step, "int32") },
        random.key(1),
      );
      return gradient.policy.deviation!.item();
    };
    // d/dp of 5 steps of log p: 5 / 0.3, times 0.2 · 0.5².
    expect(slope(0, 2) - slope(0.2, 2)).toBeCloseTo((5 / 0.3) * 0.2 * 0.25, 3);
  });
});

describe("deps", () => {
  const task = linearGaussianDesign();
  const policy = linearFeedback({ gain: [[-0.2]], deviation: 0.3 });
  const thetaAt = (a: number) => ({ design: np.array([a]), policy: policy.init(random.key(0)) });
  const run = (method: ReturnType<typeof deps<Tensor, LinearFeedbackTheta>>, a: number, steps: number) => {
    let [theta, state] = [thetaAt(a), method.init(thetaAt(a), random.key(0))];
    let made = method.step(theta, state, random.key(0));
    for (let i = 1; i < steps; i++) {
      [theta, state] = [made.theta as typeof theta, made.state];
      made = method.step(theta, state, random.foldIn(random.key(3), i));
    }
    return made;
  };

  test("a first design outside of the box is told and projected", () => {
    const told: string[] = [];
    const method = deps({ task, policy, onWarning: (message) => told.push(message) });
    const made = run(method, 7, 1);
    expect(told).toEqual([
      "deps: the first a must be from -1.5 to 1.5, got 7. It is projected onto the box.",
    ]);
    expect(made.theta.design.item()).toBeLessThanOrEqual(1.5);
  });

  test("a design that leaves the box comes back to its side; both are told", () => {
    // The best a is far inside; an upper side at 0.2 stands in the way from below.
    const box = { ...task, low: [-1.5], high: [0.2] };
    const made = run(deps({ task: box, policy }), 0.1995, 3);
    expect(made.theta.design.item()).toBeCloseTo(0.2, 7);
    expect(made.metrics["raw.a"]).toBeGreaterThan(0.2);
    expect(made.metrics["design.a"]).toBeCloseTo(0.2, 7);
  });

  test("one of the two may stay", () => {
    const first = thetaAt(0.5);
    const control = run(deps({ task, policy, learn: "policy" }), 0.5, 2).theta;
    expect(listOf(control.design)).toEqual(listOf(first.design));
    expect(listOf(control.policy.gain)).not.toEqual(listOf(first.policy.gain));
    const design = run(deps({ task, policy, learn: "design" }), 0.5, 2).theta;
    expect(listOf(design.design)).not.toEqual(listOf(first.design));
    expect(listOf(design.policy.gain)).toEqual(listOf(first.policy.gain));
  });

  test.each<[Partial<DepsEstimatorOptions<Tensor, LinearFeedbackTheta>>, string]>([
    [
      { batch: 1 },
      'deps: batch must be at least 2 with baseline "mean", got 1. One trajectory is its own mean',
    ],
    [{ batch: 0, baseline: "none" }, "deps: batch must be an integer of at least 1, got 0."],
    [
      { credit: "togo" as never },
      'deps: credit must be one of "full", "to-go", got "togo". Did you mean "to-go"?',
    ],
    [{ disturbance: "reparametrised" as never }, "deps: disturbance must be one of"],
    [{ stateCotangentClip: 0 }, "deps: stateCotangentClip must be a finite number above 0, got 0."],
    [{ entropy: { weight: 0.1, decay: 2 } }, "deps: entropy.decay must be above 0 and at most 1, got 2."],
    [{ policy: {} as never }, "deps: policy must be a policy with init, sample and logProb, got {}."],
    [{ task: 3 as never }, "deps: task must be a design task, got 3. Make one with designTask."],
  ])("%# is refused", (given, message) => {
    expect(() => deps({ task, policy, ...given })).toThrow(OptionError);
    expect(() => deps({ task, policy, ...given })).toThrow(message);
  });

  test("numbered actions cannot be reparameterised", () => {
    const numbered = categoricalPolicy({ observations: 3, actions: 5 });
    expect(() => deps({ task: massSpringDamper(), policy: numbered, actions: "reparam" })).toThrow(
      'deps: actions must be "score" with a discrete policy, got "reparam". The actions of categoricalPolicy are numbered',
    );
  });

  test("a function that looks at its numbers cannot be traced, and is named", () => {
    const peeking = designTask({
      horizon: 3,
      designBox: [[0], [1]],
      initialState: () => np.zeros([1]),
      dynamics: (design, x) => (design.item() > 0.5 ? x : x.neg()),
      reward: (_, x) => x.sum(),
    });
    const method = deps({ task: peeking, policy: gaussianPolicy({ observations: 2, actions: 1 }) });
    const theta = {
      design: np.array([0.5]),
      policy: gaussianPolicy({ observations: 2, actions: 1 }).init(random.key(0)),
    };
    expect(() => method.init(theta, random.key(0))).toThrow(OptionError);
    expect(() => method.init(theta, random.key(0))).toThrow("deps: task.dynamics must be traceable");
  });

  test("a policy that does not fit is named by its own fault", () => {
    const narrow = gaussianPolicy({ observations: 3, actions: 1 });
    const theta = { design: np.array([0.5]), policy: narrow.init(random.key(0)) };
    const begin = () => deps({ task, policy: narrow }).init(theta, random.key(0));
    expect(begin).toThrow(ShapeError);
    expect(begin).toThrow(/^deps: policy\.sample: np\.matmul: .* do not fit/);
    const spring = massSpringDamper();
    for (const actions of [3, 7])
      expect(() => deps({ task: spring, policy: categoricalPolicy({ observations: 3, actions }) })).toThrow(
        `deps: policy must be one of the 5 numbered actions of "massSpringDamper", got "categoricalPolicy with ${actions}".`,
      );
    expect(() => deps({ task: spring, policy: narrow })).toThrow(
      /Make one with categoricalPolicy\(\{ actions: 5/,
    );
  });

  test("a design of another length is refused", () => {
    expect(() => deps({ task, policy }).init({ psi: 1 } as never, random.key(0))).toThrow(
      "deps: theta.design must be float [1], got undefined.",
    );
    const theta = { ...thetaAt(0.5), design: np.array([0.5, 1]) };
    expect(() => deps({ task, policy }).init(theta, random.key(0))).toThrow(ShapeError);
    expect(() => deps({ task, policy }).init(theta, random.key(0))).toThrow(
      "deps: theta.design must be float [1], got float32[2].",
    );
  });

  describe("a density that is no scalar is refused: batch and steps of the same number would hide it", () => {
    const [horizon, batch] = [4, 4];
    const pushed = (logProb: (x: Tensor, xi: Tensor) => Tensor) =>
      designTask({
        horizon,
        designBox: [[0.1], [1]],
        initialState: () => np.ones([1]),
        dynamics: (a, x, _, xi) => x.mul(a).add(xi),
        reward: (_, x) => x.sum().neg(),
        disturbance: {
          sample: (_, x, __, key) => random.normal(key, [1]),
          logProb: (_, x, __, xi) => logProb(x, xi),
        },
      });
    const gaussian = gaussianPolicy({ observations: 2, actions: 1 });
    const theta = { design: np.array([0.5]), policy: gaussian.init(random.key(0)) };

    test("of the task", () => {
      const perNumber = pushed((_, xi) => xi.mul(xi).mul(-0.5));
      for (const made of [
        deps({ task: perNumber, policy: gaussian, batch }),
        depsEstimator({ task: perNumber, policy: gaussian, batch }),
      ]) {
        expect(() => made.init(theta, random.key(0))).toThrow(ShapeError);
        expect(() => made.init(theta, random.key(0))).toThrow(
          "task.disturbance.logProb must give a scalar, got float32[1]. Sum it.",
        );
      }
      const summed = pushed((_, xi) => xi.mul(xi).sum().mul(-0.5));
      expect(() => deps({ task: summed, policy: gaussian, batch }).init(theta, random.key(0))).not.toThrow();
    });

    test("of a policy", () => {
      const task = pushed((_, xi) => xi.mul(xi).sum().mul(-0.5));
      const perAction = {
        ...gaussian,
        logProb: (...args: Parameters<typeof gaussian.logProb>) => gaussian.logProb(...args).reshape([1]),
      };
      expect(() => deps({ task, policy: perAction, batch }).init(theta, random.key(0))).toThrow(
        "deps: policy.logProb must give a scalar, got float32[1]. Sum it.",
      );
    });
  });

  test("an unknown option is refused with all that there are", () => {
    expect(() => deps({ task, policy, optimizer: 3 } as never)).toThrow(
      'got "optimizer". Did you mean "optimizers"?',
    );
    expect(() => deps({ task, policy, lern: "both" } as never)).toThrow('"optimizers", "learn", "onWarning"');
  });

  test("a density that is not finite is named with its step and trajectory", () => {
    // The disturbance of trajectory 2 at step 1 has no density: the state there counts steps, the start numbers trajectories.
    const counting = (key: Key): Tensor => random.uniform(key, [1]);
    const broken = designTask({
      horizon: 3,
      designBox: [[0], [1]],
      initialState: (_, key) => np.concatenate([counting(key), np.zeros([1])]) as Tensor,
      dynamics: (_, state) => state.add(np.array([0, 1])),
      reward: (design) => design.sum(),
      disturbance: {
        sample: (design) => design.sum(),
        logProb: (_, state) => np.log(state.slice(1).equal(1).astype("float32").neg().add(1)) as Tensor,
      },
    });
    const gaussian = gaussianPolicy({ observations: 3, actions: 1 });
    const theta = { design: np.array([0.5]), policy: gaussian.init(random.key(0)) };
    const method = deps({ task: broken, policy: gaussian, batch: 4 });
    const step = () => method.step(theta, method.init(theta, random.key(0)), random.key(1));
    expect(step).toThrow(NonFiniteError);
    expect(step).toThrow("deps: task.disturbance.logProb is -Infinity at step 1 of trajectory 0.");
  });
});

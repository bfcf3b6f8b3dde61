/** The method: what it plays, what it refuses, and that it learns. Conformance is in `test/conformance`. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { adam, sgd } from "../../optimizers/index.ts";
import { cmaEs } from "../../search/index.ts";
import { cartPole } from "../environments/cartPole.ts";
import { type Policy, defineEnvironment } from "../environments/environment.ts";
import { boxSpace } from "../environments/space.ts";
import { segmentRecords } from "./playedSegments.ts";
import { segmentPlayer } from "./segmentPlayer.ts";
import { type ZoacOptions, zoac } from "./zoac.ts";
import { zoacEstimator } from "./zoacEstimator.ts";
import { zoacSearch } from "./zoacSearch.ts";

/** Counts its steps; ends after `end` of them, or is cut off after 7. The reward is the step's number. */
const counting = (end: number) =>
  defineEnvironment({
    name: "counting",
    observationSpace: boxSpace({ shape: [1] }),
    actionSpace: boxSpace({ shape: [1] }),
    timeLimit: 7,
    reset: () => ({ t: np.zeros([1]) }),
    observe: ({ t }) => t,
    step({ t }) {
      const next = t.add(1);
      return { state: { t: next }, reward: next.slice(0), terminated: next.slice(0).greaterEqual(end) };
    },
  });

type Theta = { x: Tensor };
const following: Policy<Theta> = {
  name: "following",
  init: () => ({ x: np.zeros([2]) }),
  act: ({ x }, s) => x.sum().mul(s),
};
const key = random.key(4);

describe("segments", () => {
  const play = (end: number, segments: number) => {
    const player = segmentPlayer(counting(end), following, { segmentLength: 3, samplers: 2 });
    const theta = following.init(key);
    return player.play(theta, player.start(theta, key), key, segments);
  };

  test("an end cuts a segment short, and the next one begins an episode", () => {
    const played = play(5, 4);
    expect([...played.lengths]).toEqual([3, 2, 3, 2, 3, 2, 3, 2]);
    expect([...played.terminated]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(played.returns).toEqual([15, 15, 15, 15]);
    expect([...played.observations.slice(0, 8)]).toEqual([0, 1, 2, 3, 3, 4, 5, 5]);
    const [first, second] = segmentRecords(played, played.observations);
    expect(first).toEqual(second);
    expect(first).toEqual({
      rewards: [1, 2, 3, 4, 5, 1, 2, 3, 4, 5],
      values: [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
      nextValues: [1, 2, 3, 4, 5, 1, 2, 3, 4, 5],
      terminated: [0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      isLast: [0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      starts: [0, 3, 5, 8],
    });
  });

  test("a limit is no end", () => {
    const played = play(100, 3);
    expect([...played.lengths.slice(0, 3)]).toEqual([3, 3, 1]);
    expect([...played.terminated]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...played.isOver]).toEqual([0, 0, 1, 0, 0, 1]);
    expect(played.returns).toEqual([28, 28]);
  });

  test("an episode goes on in the next call", () => {
    const player = segmentPlayer(counting(100), following, { segmentLength: 3, samplers: 2 });
    const theta = following.init(key);
    const whole = player.play(theta, player.start(theta, key), key, 2);
    const first = player.play(theta, player.start(theta, key), key, 1);
    const second = player.play(theta, first.samplers, random.key(9), 1);
    expect([...second.observations]).toEqual([3, 4, 5, 6, 3, 4, 5, 6]);
    expect(second.samplers.value.data).toEqual(whole.samplers.value.data);
  });

  test("antithetic samplers have opposite perturbations, others their own", () => {
    const draw = (isAntithetic: boolean): number[] => {
      const player = segmentPlayer(counting(9), following, { samplers: 4, isAntithetic });
      return [...player.perturbations(following.init(key), key, 2).x.data];
    };
    const pairs = draw(true);
    // Sampler by sampler, two segments of two numbers each.
    expect(pairs.slice(4, 8)).toEqual(pairs.slice(0, 4).map((x) => -x));
    expect(pairs.slice(12, 16)).toEqual(pairs.slice(8, 12).map((x) => -x));
    expect(new Set(pairs.map(Math.abs)).size).toBe(8);
    expect(new Set(draw(false)).size).toBe(16);
  });

  test("what is played is what was drawn, within the box", () => {
    const acting = defineEnvironment({
      name: "acting",
      observationSpace: boxSpace({ shape: [1] }),
      actionSpace: boxSpace({ shape: [2] }),
      timeLimit: 100,
      reset: () => ({ t: np.zeros([1]) }),
      observe: ({ t }) => t,
      step: (state, action) => ({
        state,
        reward: action.slice(0).add(action.slice(1).mul(1000)),
        terminated: np.zeros([], { dtype: "bool" }),
      }),
    });
    const plain: Policy<Theta> = { ...following, act: ({ x }) => x };
    const theta = { x: np.array([0.5, -1]) };
    for (const box of [null, [-1, 0.6]] as const) {
      const player = segmentPlayer(acting, plain, { samplers: 2, sigma: 0.3, segmentLength: 1, box });
      const played = player.play(theta, player.start(theta, key), key, 3);
      const noise = player.perturbations(theta, key, 3).x.data;
      const clip = (x: number) => (box === null ? x : Math.min(Math.max(x, box[0]), box[1]));
      played.rewards.forEach((reward, i) => {
        const [x, y] = [clip(0.5 + 0.3 * noise[2 * i]!), clip(-1 + 0.3 * noise[2 * i + 1]!)];
        expect(reward).toBeCloseTo(x + 1000 * y, 2);
      });
    }
  });
});

type Pole = { w: Tensor };
/** Pushes to the right where w · s > 0, with the angle five times as large. */
const bangBang: Policy<Pole> = {
  name: "bangBang",
  init: () => ({ w: np.zeros([4]) }),
  act: ({ w }, s) =>
    w
      .mul(np.array([1, 1, 5, 1]))
      .mul(s)
      .sum()
      .greater(0)
      .astype("int32"),
};
const small = { samplers: 4, segmentLength: 10, segments: 4, sigma: 0.3 } as const;
const poleOptions: ZoacOptions<Pole> = {
  environment: cartPole(),
  policy: bangBang,
  ...small,
  critic: { hidden: [8], epochs: 2, batch: 256 },
};

test("a policy that jumps has a derivative of exactly 0", () => {
  const act = (theta: Pole): Tensor =>
    bangBang.act(theta, np.array([0.1, 0.2, -0.1, 0.3]), key).astype("float32");
  expect([...grad(act)({ w: np.array([1, -1, 0.5, 2]) }).w.data]).toEqual([0, 0, 0, 0]);
});

test("a bang-bang policy learns to keep the pole up", { tags: ["long"] }, () => {
  const method = zoac({
    ...poleOptions,
    samplers: 8,
    segments: 8,
    critic: { hidden: [16] },
    actor: adam({ learningRate: 0.1 }),
  });
  let theta = bangBang.init(key);
  let state = method.init(theta, key);
  const returns: number[] = [];
  for (let i = 0; i < 15; i++) {
    const made = method.step(theta, state, random.foldIn(key, i));
    ({ theta, state } = made);
    if (made.metrics["meanReturn"] !== undefined) returns.push(made.metrics["meanReturn"]);
  }
  // A policy of zeros falls within about 10 steps; perturbed ones at first last for some tens.
  expect(returns[0]).toBeLessThan(60);
  expect(Math.max(...returns)).toBeGreaterThan(150);
});

test("without division by sigma and normalisation SGD moves along the estimate", () => {
  const options = { ...poleOptions, isNormalized: false, isDividedBySigma: true, critic: null };
  const estimator = zoacEstimator(options);
  const theta = bangBang.init(key);
  const state = estimator.init(theta, key);
  const { gradient, loss, metrics } = estimator.estimate(theta, state, key);
  const plain = zoacEstimator({ ...options, isDividedBySigma: false }).estimate(theta, state, key);
  gradient.w.data.forEach((g: number, i: number) =>
    expect(g * 0.3).toBeCloseTo(plain.gradient.w.data[i]!, 4),
  );
  // Rewards are 1 per step, discounted: a segment's return is at most that of its 40 steps ahead.
  expect(-loss).toBeGreaterThan(1);
  expect(-loss).toBeLessThan(1 / (1 - 0.99 * 0.95));
  expect(metrics.innerSteps).toBeLessThanOrEqual(160);
  const method = zoac({ ...options, actor: sgd({ learningRate: 0.1 }) });
  const moved = method.step(theta, method.init(theta, key), key).theta.w.data;
  gradient.w.data.forEach((g: number, i: number) => expect(moved[i]).toBeCloseTo(-0.1 * g, 5));
});

test("theta stays in its box", () => {
  const method = zoac({ ...poleOptions, critic: null, box: [-0.05, 0.07], actor: sgd({ learningRate: 10 }) });
  const theta = bangBang.init(key);
  const moved = [...method.step(theta, method.init(theta, key), key).theta.w.data];
  for (const x of moved) expect([-0.05, 0.07].some((bound) => Math.abs(x - bound) < 1e-6)).toBe(true);
});

test("Monte-Carlo evaluation takes the plain rewards of one segment", () => {
  const estimator = zoacEstimator({
    environment: counting(5),
    policy: following,
    evaluation: "monteCarlo",
    segments: 1,
    segmentLength: 7,
  });
  const theta = following.init(key);
  const made = estimator.estimate(theta, estimator.init(theta, key), key);
  expect(made.loss).toBe(-15);
  expect(made.state.critic).toBeNull();
  expect(made.metrics).toMatchObject({ meanReturn: 15, episodes: 10, innerSteps: 50, advantageStd: 0 });
});

test("truncated episodes begin anew with each update", () => {
  const steps = (episodes: "full" | "truncated") => {
    const options = { environment: counting(100), policy: following, episodes, segments: 1 } as const;
    const estimator = zoacEstimator({ ...options, segmentLength: 4, critic: null });
    const theta = following.init(key);
    const first = estimator.estimate(theta, estimator.init(theta, key), key);
    return estimator.estimate(theta, first.state, key).metrics.innerSteps / 10;
  };
  expect(steps("truncated")).toBe(4);
  // Three steps are left of seven.
  expect(steps("full")).toBe(3);
});

test("which critic advantages are of", { tags: ["long"] }, () => {
  const at = (advantages: "collected" | "lastEpoch" | "final", epochs: number) => {
    const estimator = zoacEstimator({
      ...poleOptions,
      advantages,
      critic: { hidden: [4], epochs, batch: 256 },
    });
    const theta = bangBang.init(key);
    return estimator.estimate(theta, estimator.init(theta, key), key).metrics["advantageStd" as "innerSteps"];
  };
  const collected = at("collected", 2);
  // Advantages of the epoch before the last one's critic, and those of the critic after its only epoch.
  const last = at("lastEpoch", 2);
  expect(last).not.toBe(collected);
  expect(last).toBe(at("final", 1));
});

test("a search in place of the gradient plays a segment with each candidate", () => {
  const critic = { hidden: [8], epochs: 2, batch: 256 };
  const options = { environment: cartPole(), policy: bangBang, critic, segmentLength: 10, samplers: 4 };
  const method = zoacSearch({ ...options, search: cmaEs<Pole>({ sigma: 0.5, population: 16 }) });
  let theta = bangBang.init(key);
  let state = method.init(theta, key);
  const first = method.step(theta, state, key);
  expect(first.metrics.innerSteps).toBeLessThanOrEqual(160);
  expect(first.metrics).toHaveProperty("sigma");
  for (let i = 0; i < 12; i++) ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
  // Leaning to the right is answered by a push to the right.
  expect(theta.w.data[2]! + theta.w.data[3]!).toBeGreaterThan(0);
  const odd = zoacSearch({ ...options, search: cmaEs<Pole>({ population: 6 }) });
  expect(() => odd.step(theta, odd.init(theta, key), key)).toThrow(
    /candidates must be a multiple of the 4 samplers, got 6/,
  );
});

describe("errors say what to give", () => {
  const wrong: [string, Partial<ZoacOptions<Pole>>, string | RegExp][] = [
    ["sigma", { sigma: 0 }, "zoac: sigma must be a finite number above 0, got 0."],
    [
      "segments without a step",
      { segmentLength: 0 },
      /segmentLength must be an integer of at least 1, got 0/,
    ],
    [
      "an odd antithetic sampler",
      { isAntithetic: true, samplers: 5 },
      /samplers must be even where isAntithetic, for pairs, got 5/,
    ],
    [
      "several Monte-Carlo segments",
      { evaluation: "monteCarlo" },
      /segments must be 1 where evaluation is "monteCarlo", got 4/,
    ],
    ["no elite", { elitism: 0.05 }, /elitism must be at most 1 and at least 1 \/ 16/],
    [
      "a box upside down",
      { box: [1, -1] },
      /box must be \[low, high\] with low below high, or null, got \[1, -1\]\. Swap them\?/,
    ],
    [
      "a box as searches take it",
      { box: { low: -1, high: 1 } as never },
      "zoac: box must be [low, high] with low below high, or null, got {low, high}. Write [-1, 1].",
    ],
    [
      "a box of each parameter",
      { box: [0, 1, 2] as never },
      "got [0, 1, 2]. It is one for all parameters: tunedController maps each to a range of its own.",
    ],
    [
      "a critic's layers",
      { critic: { hidden: 64 as never } },
      /critic.hidden must be a list, such as \[64, 64\], got 64/,
    ],
    ["a pool", { environment: { play: () => 1 } as never }, /Of a pool give its samplers: pool.samplers/],
    ["lambda", { lambda: 2 }, /lambda must be from 0 to 1, got 2/],
    ["discount", { discount: -0.1 }, /discount must be from 0 to 1, got -0.1/],
    ["a critic without a batch", { critic: { batch: 0 } }, /critic.batch must be an integer of at least 1/],
    ["an option that there is not", { segmentLenght: 3 } as object, /segmentLength/],
    ["no environment", { environment: { name: "x" } as never }, /environment must be a traced environment/],
  ];
  test.each(wrong)("%s", (_, options, message) => {
    expect(() => zoac({ ...poleOptions, ...options })).toThrow(message);
  });

  test("actions of another size", () => {
    const wide: Policy<Theta> = { ...following, act: ({ x }) => x };
    const method = zoac({ environment: counting(5), policy: wide });
    expect(() => method.init(following.init(key), key)).toThrow(
      /following: an action in "counting" must be of shape \[1\], as its actionSpace says, got .*\[2\].*as many outputs\?/,
    );
  });

  test("an action that is no tensor, and a theta that is not the policy's", () => {
    const numbered: Policy<Pole> = { ...bangBang, act: () => 1 as never };
    const theta = bangBang.init(key);
    expect(() => zoac({ ...poleOptions, policy: numbered }).init(theta, key)).toThrow(
      /must be of shape \[\], as its actionSpace says: a tensor, got 1\. Policies are recorded once/,
    );
    const other = () => zoac(poleOptions).init({ weights: theta.w } as never, key);
    expect(other).toThrow(ShapeError);
    expect(other).toThrow(/act threw for theta \{weights\}: .* Is theta what its init gives\?/);
  });

  test("an action that is none of the choices, with environment and step", () => {
    const third: Policy<Pole> = {
      ...bangBang,
      act: ({ w }, s) => w.mul(s).sum().mul(0).add(2).astype("int32"),
    };
    const method = zoac({ ...poleOptions, policy: third });
    const theta = bangBang.init(key);
    const step = () => method.step(theta, method.init(theta, key), key);
    expect(step).toThrow(OptionError);
    expect(step).toThrow(
      /^cartPole: the action of the policy in step 0 of segment 0 of sampler 0 must be one of its 2 choices, 0 to 1, got 2\.$/,
    );
  });

  test("a reward and an action that are not finite, with environment and step", () => {
    const { isTraceable: _, ...parts } = counting(100);
    const failing = defineEnvironment({
      ...parts,
      name: "failing",
      step({ t }) {
        const next = t.add(1);
        return {
          state: { t: next },
          reward: np.where(next.slice(0).greaterEqual(3), Infinity, 1) as Tensor,
          terminated: np.zeros([], { dtype: "bool" }),
        };
      },
    });
    const options = { policy: following, critic: null, segmentLength: 5, segments: 1, samplers: 2 };
    const bad = zoac({ ...options, environment: failing });
    const theta = following.init(key);
    expect(() => bad.step(theta, bad.init(theta, key), key)).toThrow(
      "failing: the reward in step 2 of segment 0 of sampler 0 is not finite (Infinity).",
    );
    const wild: Policy<Theta> = {
      ...following,
      act: ({ x }, s) => x.sum().mul(0).add(s.sub(2)).div(s.sub(2)),
    };
    const acting = zoac({ ...options, policy: wild, environment: counting(100) });
    expect(() => acting.step(theta, acting.init(theta, key), key)).toThrow(
      "counting: the action of the policy in step 2 of segment 0 of sampler 0 is not finite.",
    );
  });
});

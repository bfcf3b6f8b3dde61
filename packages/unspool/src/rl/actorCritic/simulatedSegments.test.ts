/** Segments of simulators in plain code: those of the same system traced, whatever the simulators have done before. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError } from "../../errors.ts";
import { cmaEs } from "../../search/index.ts";
import { defineEnvironment } from "../environments/environment.ts";
import { filteredPolicy } from "../environments/observationFilter.ts";
import { momentsOf } from "../environments/runningMoments.ts";
import { simulatedEnvironment } from "../environments/simulatedEnvironment.ts";
import { linearSimulated } from "../environments/simulatedPolicies.ts";
import { boxSpace, discreteSpace } from "../environments/space.ts";
import type { PlayedSegments } from "./playedSegments.ts";
import { linearPolicy } from "./policies/linearPolicy.ts";
import { segmentPlayer } from "./segmentPlayer.ts";
import { simulatedSegmentPlayer } from "./simulatedSegmentPlayer.ts";
import { simulatedSamplers } from "./simulatedSegments.ts";
import { zoac } from "./zoac.ts";
import { zoacEstimator } from "./zoacEstimator.ts";
import { zoacSearch } from "./zoacSearch.ts";

const spaces = { observationSpace: boxSpace({ shape: [2] }), actionSpace: boxSpace({ shape: [1] }) };

/** A mass that is pushed, for 9 steps or until it is farther than 0.9. */
const traced = defineEnvironment({
  ...{ name: "mass", ...spaces, timeLimit: 9 },
  reset: () => ({ s: np.array([0.5, 0.2], { dtype: "float64" }) }),
  observe: ({ s }) => s,
  step({ s }, action) {
    const [x, v] = [s.slice(0), s.slice(1)];
    const next = np.stack([x.add(v.mul(0.1)), v.add(action.slice(0))]);
    const far = np.abs(next.slice(0)) as Tensor;
    return { state: { s: next }, reward: far.neg(), terminated: far.greater(0.9) };
  },
});

/** The same in plain code; `start` draws, `burstsAt` throws in that step. */
const plain = ({ start = 0, burstsAt = Infinity } = {}) =>
  simulatedEnvironment({
    ...{ name: "mass", ...spaces, timeLimit: 9 },
    create() {
      let [x, v, t] = [0, 0, 0];
      return {
        reset(draws) {
          [x, v, t] = [0.5 + start * draws.normal(), 0.2, 0];
          return [x, v];
        },
        step([push]) {
          [x, v] = [x + v * 0.1, v + push!];
          const reward = ++t === burstsAt ? NaN : -Math.abs(x);
          return { observation: [x, v], reward, terminated: Math.abs(x) > 0.9 };
        },
      };
    },
  });

const policy = linearPolicy(traced, { dtype: "float64" });
const acting = linearSimulated({ observationSize: 2, actionSize: 1 });
const key = random.key(3);
const theta = { weights: np.array([[-0.1, 0.2]], { dtype: "float64" }) };
const simulators = (options = {}, samplers = 3) =>
  simulatedSamplers({ environment: plain(options), policy: acting, samplers });
/** As what is kept in a file. */
const bits = (played: PlayedSegments): unknown =>
  JSON.parse(
    JSON.stringify(played, (_, value) => (ArrayBuffer.isView(value) ? Object.values(value) : value)),
  );
const settings = { segmentLength: 4, sigma: 0.5, samplers: 3 };

test("are those of the same system traced: steps, ends, limits and perturbations", async () => {
  const own = simulatedSegmentPlayer(await simulators(), policy, settings);
  const other = segmentPlayer(traced, policy, settings);
  let [here, there] = [own.start(theta, key), other.start(theta, key)];
  for (const n of [0, 1]) {
    const [a, b] = [own, other].map((player, i) =>
      player.play(theta, i === 0 ? here : there, random.foldIn(key, n), 3),
    ) as [PlayedSegments, PlayedSegments];
    for (const part of ["lengths", "terminated", "isOver"] as const)
      expect([...a[part]]).toEqual([...b[part]]);
    for (const part of ["observations", "rewards", "returns"] as const)
      a[part].forEach((x, i) => expect(x, part).toBeCloseTo(b[part][i]!, 12));
    expect(a.returns).toHaveLength(b.returns.length);
    // Some have ended, some were cut off, some go on.
    expect(new Set(a.terminated).size).toBe(2);
    expect(a.lengths).toContain(1);
    [here, there] = [a.samplers, b.samplers];
  }
  const weights = Float64Array.from({ length: 9 }, (_, i) => i - 2);
  expect([...own.weigh(theta, key, weights).weights.data]).toEqual([
    ...other.weigh(theta, key, weights).weights.data,
  ]);
});

test("depend on nothing but what is kept: asked again, in another order, of other simulators", async () => {
  const source = await simulators({ start: 0.1 });
  const player = simulatedSegmentPlayer(source, policy, settings);
  const first = player.play(theta, player.start(theta, key), key, 2);
  const second = player.play(theta, first.samplers, random.key(5), 2);
  const third = player.play(theta, second.samplers, random.key(6), 1);
  const fresh = simulatedSegmentPlayer(await simulators({ start: 0.1 }), policy, settings);
  expect(bits(fresh.play(theta, second.samplers, random.key(6), 1))).toEqual(bits(third));
  expect(bits(player.play(theta, first.samplers, random.key(5), 2))).toEqual(bits(second));
  expect(bits(player.play(theta, second.samplers, random.key(6), 1))).toEqual(bits(third));
  expect(bits(player.play(theta, player.start(theta, key), key, 2))).toEqual(bits(first));
});

describe("the filter", () => {
  const seeing = filteredPolicy(policy, { observationSize: 2, clip: 2, dtype: "float64" });
  const start = seeing.init(key);
  const options = { policy: seeing, segmentLength: 4, segments: 2, critic: { hidden: [4], epochs: 1 } };

  test("has the moments of what was played, in simulators and traced", async () => {
    for (const environment of [await simulators({}, 10), traced]) {
      const method = zoac({ ...options, environment });
      const made = method.step(start, method.init(start, key), key);
      const estimator = zoacEstimator({ ...options, environment, critic: null });
      const { gradient, state } = estimator.estimate(start, estimator.init(start, key), key);
      expect([...gradient.filter.mean.data, ...gradient.filter.std.data]).toEqual([0, 0, 0, 0]);
      expect(gradient.policy.weights.data.every((g: number) => g !== 0)).toBe(true);
      expect(state.filter!.count).toBe(made.metrics.innerSteps);
      // One batch, merged with nothing.
      const player = estimator.parts.player;
      const { observations, lengths } = player.play(
        start,
        player.start(start, key),
        random.foldIn(key, "play"),
        2,
      );
      const rows = [...lengths].flatMap((length, i) =>
        Array.from({ length }, (_, k) => observations.slice((i * 5 + k) * 2, (i * 5 + k + 1) * 2)),
      );
      const { mean, squares, count } = momentsOf(rows);
      const { filter } = made.theta;
      mean.forEach((x, i) => expect(filter.mean.data[i]).toBeCloseTo(x, 12));
      squares.forEach((x, i) => expect(filter.std.data[i]).toBeCloseTo(Math.sqrt(x / (count - 1)), 12));
    }
  });

  test("stays as it is in theta if one wants", async () => {
    const environment = await simulators({}, 10);
    const method = zoac({ ...options, environment, isFilterUpdated: false });
    const { theta: moved } = method.step(start, method.init(start, key), key);
    expect([...moved.filter.mean.data, ...moved.filter.std.data]).toEqual([0, 0, 1, 1]);
    expect([...moved.policy.weights.data]).not.toEqual([...start.policy.weights.data]);
  });

  test("is what the policy sees through: with it the action is another, and cut off", async () => {
    const source = await simulators();
    const at = { ...start, policy: { weights: np.array([[1, 0]], { dtype: "float64" }) } };
    const through = { ...at, filter: { mean: np.array([0.4, 0]), std: np.array([0.01, 1]) } };
    const player = simulatedSegmentPlayer(source, seeing, { segmentLength: 1, sigma: 1e-12 });
    const velocity = (of: typeof at): number =>
      player.play(of, player.start(of, key), key, 1).observations[3]!;
    expect(velocity(at)).toBeCloseTo(0.2 + 0.5, 7);
    expect(velocity(through)).toBeCloseTo(0.2 + 2, 7);
  });

  test("is not searched for", async () => {
    const environment = await simulators();
    expect(() =>
      zoacSearch({ environment, policy: seeing, search: cmaEs<typeof start>({ population: 6 }) }),
    ).toThrow(/policy must be one without a filter of observations, got "filtered linear"/);
  });
});

test("a search in place of the gradient plays simulators as well", async () => {
  const environment = await simulators();
  const method = zoacSearch({
    ...{ environment, policy, segmentLength: 4, critic: null },
    search: cmaEs<typeof theta>({ population: 6 }),
  });
  const { metrics } = method.step(theta, method.init(theta, key), key);
  expect(metrics.innerSteps).toBeLessThanOrEqual(24);
});

test("errors say what to give", async () => {
  const environment = await simulators();
  expect(() => zoac({ environment, policy, samplers: 4 })).toThrow(
    /samplers must be 3, as many as there are simulators of "mass", got 4/,
  );
  const wide = { ...policy, init: () => ({ weights: np.zeros([2, 2]) }) };
  const other = zoac({ environment, policy: wide });
  expect(() => other.init(wide.init(), key)).toThrow(
    /a candidate must have 2 numbers, as linear's theta has, got 4/,
  );
  await expect(simulatedSamplers({ environment: plain(), policy: acting, samplers: 0 })).rejects.toThrow(
    OptionError,
  );
  const failing = zoac({ environment: await simulators({ burstsAt: 3 }), policy, critic: null });
  const state = failing.init(theta, key);
  expect(() => failing.step(theta, state, key)).toThrow(NonFiniteError);
  // It can be asked again.
  expect(() => failing.step(theta, state, key)).toThrow(
    /mass, step 2: reward must be a finite number, got NaN/,
  );
});

test("what a simulator's policy does is an action of its environment", async () => {
  const switched = simulatedEnvironment({
    ...{
      name: "switch",
      observationSpace: spaces.observationSpace,
      actionSpace: discreteSpace(2),
      timeLimit: 9,
    },
    create: () => ({
      reset: () => [0, 0],
      step: () => ({ observation: [0, 0], reward: 1, terminated: false }),
    }),
  });
  const played = async (act: (typeof acting)["act"]) => {
    const environment = await simulatedSamplers({
      environment: switched,
      policy: { ...acting, act },
      samplers: 2,
    });
    const method = zoac({ environment, policy, critic: null, segmentLength: 3, segments: 1 });
    return () => method.step(theta, method.init(theta, key), key);
  };
  const choosing = (choice: number) => played((_theta, _seen, action) => void (action[0] = choice));
  expect(await choosing(1)).not.toThrow();
  expect(await choosing(2)).toThrow(/^switch, step 0: an action must be a whole number from 0 to 1, got 2/);
  expect(await choosing(0.5)).toThrow(OptionError);
  // What is returned and not written would be zeros for ever.
  expect(await played((() => [1]) as never)).toThrow(/what linear\.act returned must be nothing, got \[1\]/);
});

test("what is no simulator with its policy is refused before anything is played", async () => {
  const made = (given: object) =>
    simulatedSamplers({ environment: plain(), policy: acting, ...given } as never);
  await expect(made({ environment: traced })).rejects.toThrow(/"mass" is traced, and needs no threads/);
  await expect(made({ environment: { name: "mass" } })).rejects.toThrow(/Make one by simulatedEnvironment/);
  await expect(made({ policy })).rejects.toThrow(/must be a policy in plain code.*its size is undefined/);
  await expect(made({ policy: { ...acting, act: 3 } })).rejects.toThrow(/its act is 3/);
  await expect(made({ policy: undefined })).rejects.toThrow(/must be \{ environment, policy \}/);
});

/** Proximal policy optimisation: its objective by hand, that it learns, and what it refuses. Conformance: `test/conformance`. */
import { describe, expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { adam } from "../../optimizers/index.ts";
import { categoricalPolicy } from "../design/policies/categoricalPolicy.ts";
import { gaussianPolicy } from "../design/policies/gaussianPolicy.ts";
import { linearFeedback } from "../design/policies/linearFeedback.ts";
import { cartPole } from "../environments/cartPole.ts";
import { defineEnvironment } from "../environments/environment.ts";
import { boxSpace } from "../environments/space.ts";
import { clippedSurrogate } from "./clippedSurrogate.ts";
import type { PlayedSegments } from "./playedSegments.ts";
import { ppo } from "./ppo.ts";
import type { PpoOptions } from "./ppoOptions.ts";
import { playedSteps } from "./ppoBatches.ts";
import { critic } from "./critic.ts";
import { randomPolicy } from "./randomPolicy.ts";
import { segmentPlayer } from "./segmentPlayer.ts";

const key = random.key(2);

test("the surrogate is the smaller of both products", () => {
  // Ratios 1.5, 1.5, 0.5, 0.5 and 1.1 with eps 0.2.
  const logs = np.log(np.array([1.5, 1.5, 0.5, 0.5, 1.1], { dtype: "float64" }));
  const advantages = np.array([1, -1, 1, -1, 2], { dtype: "float64" });
  const found = [...clippedSurrogate(logs, np.zerosLike(logs), advantages, 0.2).data];
  [1.2, -1.5, 0.5, -0.8, 2.2].forEach((x, i) => expect(found[i]).toBeCloseTo(x, 12));
});

/** Rewards the action itself; ends after three steps. */
const bandit = defineEnvironment({
  name: "bandit",
  observationSpace: boxSpace({ shape: [1] }),
  actionSpace: boxSpace({ shape: [2] }),
  timeLimit: 9,
  reset: () => ({ t: np.zeros([1]) }),
  observe: ({ t }) => t,
  step({ t }, action) {
    const next = t.add(1);
    const reward = action.slice(0).sub(action.slice(1));
    return { state: { t: next }, reward, terminated: next.slice(0).greaterEqual(3) };
  },
});

test("each step has its observation, its action and its advantage", () => {
  const policy = linearFeedback({ gain: [[0.5], [0]], deviation: 1e-3 });
  const acting = randomPolicy(bandit, policy);
  const theta = policy.init(key);
  const player = segmentPlayer(bandit, acting, { samplers: 2, segmentLength: 4 });
  const played = player.playHeld(theta, player.start(theta, key), key, 2);
  expect([...played.lengths]).toEqual([3, 3, 3, 3]);
  const network = critic("test", { hidden: [4], batch: 8 });
  const state = network.init(key, 1);
  const factors = { discount: 0.5, lambda: 1 };
  const given: PlayedSegments & { actions: Float64Array } = { ...played, actions: played.actions! };
  const taken = playedSteps(bandit, given, network, state, factors);
  expect(taken.rows).toHaveLength(12);
  const { observations, actions } = taken.at(Array.from(taken.rows.keys()), 12);
  expect([...observations.data.subarray(0, 4)]).toEqual([0, 1, 2, 0]);
  // Actions are half of the observation and 0, nearly; rewards half of it.
  for (let i = 0; i < 12; i++) {
    expect(actions.data[2 * i]).toBeCloseTo((i % 3) / 2, 1);
    expect(actions.data[2 * i + 1]).toBeCloseTo(0, 1);
  }
  // 0 + 0.5 / 2 + 1 / 4, 0.5 + 1 / 2, 1.
  [0.5, 1, 1, 0.5, 1, 1].forEach((x, i) => expect(taken.targets[i]).toBeCloseTo(x, 1));
  const values = network.values(state, Float64Array.of(0, 1, 2));
  taken.advantages.forEach((x, i) => expect(x).toBeCloseTo(taken.targets[i]! - values[i % 3]!, 6));
});

test("the first batch moves theta along the score weighted by standardised advantages", () => {
  const policy = linearFeedback({ gain: [[0.5], [0]], deviation: 0.3 });
  const theta = policy.init(key);
  const options = { environment: bandit, policy, samplers: 4, steps: 8, segmentLength: 4 } as const;
  const method = ppo({ ...options, epochs: 1, batch: 32 });
  const state = method.init(theta, key);
  const moved = method.step(theta, state, key);
  // What earns is the first action and what costs is the second one.
  expect(moved.theta.gain.data[0]).toBeGreaterThan(0.5);
  expect(moved.theta.gain.data[1]).toBeLessThan(0);
  expect(moved.metrics).toMatchObject({ innerSteps: 24, episodes: 8, clipped: 0 });
});

test(
  "a linear softmax policy learns to keep the pole up, by draws and by its mode",
  { tags: ["long"] },
  () => {
    const environment = cartPole();
    const policy = categoricalPolicy({ observations: 4, actions: 2, hidden: [] });
    const method = ppo({
      ...{ environment, policy, steps: 64, segmentLength: 16, epochs: 5, batch: 128 },
      optimizer: adam({ learningRate: 0.03 }),
      critic: { hidden: [16], optimizer: adam({ learningRate: 3e-3 }) },
    });
    let theta = policy.init(key);
    let state = method.init(theta, key);
    const returns: number[] = [];
    for (let i = 0; i < 20; i++) {
      const made = method.step(theta, state, random.foldIn(key, i));
      ({ theta, state } = made);
      if (made.metrics["meanReturn"] !== undefined) returns.push(made.metrics["meanReturn"]);
    }
    expect(returns[0]).toBeLessThan(40);
    expect(Math.max(...returns)).toBeGreaterThan(120);
    const lengthBy = (by: "sample" | "mode"): number => {
      const player = segmentPlayer(environment, randomPolicy(environment, policy, by), {
        samplers: 4,
        segmentLength: 250,
      });
      const played = player.playHeld(theta, player.start(theta, key), key, 1);
      return played.lengths.reduce((sum, length) => sum + length, 0);
    };
    expect(lengthBy("mode")).toBeGreaterThanOrEqual(lengthBy("sample"));
  },
);

describe("errors say what to give", () => {
  const policy = categoricalPolicy({ observations: 4, actions: 2 });
  type Options = PpoOptions<ReturnType<typeof policy.init>>;
  const own: Options = { environment: cartPole(), policy };
  const wrong: [string, Partial<Options>, RegExp][] = [
    ["clip", { clip: 1 }, /ppo: clip must be between 0 and 1, got 1/],
    ["steps", { steps: 33 }, /steps must be a multiple of segmentLength, 32, got 33/],
    ["epochs", { epochs: 0 }, /epochs must be an integer of at least 1/],
    ["entropy", { entropy: -1 }, /entropy must be a finite number of at least 0, got -1/],
    ["lambda", { lambda: 2 }, /lambda must be from 0 to 1, got 2/],
    [
      "a vector policy of a choice",
      { policy: gaussianPolicy({ observations: 4, actions: 1 }) },
      /policy must be one of numbered actions/,
    ],
    [
      "choices of another environment",
      { policy: categoricalPolicy({ observations: 4, actions: 3 }) },
      /policy must be one of the 2 choices of "cartPole", got "categoricalPolicy with 3"/,
    ],
    ["an optimizer", { optimizer: Object.create(null) }, /optimizer/],
  ];
  test.each(wrong)("%s", (_, options, message) => {
    expect(() => ppo({ ...own, ...options })).toThrow(message);
  });
  test("a mode that there is not", () => {
    const { mode: _, ...without } = policy;
    expect(() => randomPolicy(cartPole(), without, "mode")).toThrow(/policy must be one that has a mode/);
  });
});

/** Policies of a choice in simulators, as candidates of esEnas. */
import { expect, test } from "vitest";
import { type Key, np, random } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { esEnas, hybridSpace, weightShared } from "../../search/index.ts";
import { choiceSimulated } from "./choiceSimulated.ts";
import { playSimulated } from "./playSimulated.ts";
import { simulatedEnvironment } from "./simulatedEnvironment.ts";
import { boxSpace } from "./space.ts";
import { stackedNumbers } from "./stackedNumbers.ts";

const tied = weightShared({ observations: 2, actions: 1, colours: 3, output: "clip" });
const still = (actions: number) =>
  simulatedEnvironment({
    name: "still",
    observationSpace: boxSpace({ shape: [2] }),
    actionSpace: boxSpace({ shape: [actions] }),
    timeLimit: 1,
    create: () => ({
      reset: () => [0.25, 0.5],
      step: ([a]) => ({ observation: [0, 0], reward: a!, terminated: true }),
    }),
  });

test("theta is the choice and the numbers, as a candidate of esEnas is flattened", async () => {
  const policy = choiceSimulated(tied);
  expect(policy.size).toBe(2 + 3);
  const environment = still(1);
  const instance = await environment.create();
  const played = (theta: Float64Array) =>
    playSimulated(environment, instance, policy, theta, random.key(0)).value;
  // Edge 0 has colour 2, edge 1 colour 0: 0.25 · 0.8 - 0.5 · 0.6.
  expect(played(Float64Array.of(2, 0, -0.6, 9, 0.8))).toBeCloseTo(0.25 * 0.8 - 0.5 * 0.6, 14);
  const space = hybridSpace({ discrete: tied.discreteSpace, continuous: tied.numParameters });
  const search = esEnas({ space, pairs: 3, sigma: 0.3 });
  const key: Key = random.key(1);
  const { candidates } = search.ask(search.init(space.point(), key), key);
  const rows = stackedNumbers("test", policy, candidates, 6);
  for (let i = 0; i < 6; i++) {
    const choice = Int32Array.from(candidates.choice.slice(i).data);
    const theta = Float64Array.from(candidates.theta.slice(i).data);
    expect(played(rows.slice(5 * i, 5 * i + 5))).toBe(tied.act(choice, theta, [0.25, 0.5])[0]);
  }
});

test("what is no such policy, and actions of another size", async () => {
  expect(() => choiceSimulated(np.zeros([2]) as never)).toThrow(OptionError);
  const environment = still(2);
  const instance = await environment.create();
  const play = () =>
    playSimulated(environment, instance, choiceSimulated(tied), new Float64Array(5), random.key(0));
  expect(play).toThrow(ShapeError);
  expect(play).toThrow(
    "weightShared: an action must be 2 numbers, as the environment's actionSpace says, got 1.",
  );
});

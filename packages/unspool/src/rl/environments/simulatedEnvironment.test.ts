import { expect, test } from "vitest";
import { np, random, randomStream } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { defineEnvironment } from "./environment.ts";
import { type SimulatedPolicy, playSimulated } from "./playSimulated.ts";
import { linearSimulated, mlpSimulated } from "./simulatedPolicies.ts";
import {
  type SimulatedEnvironmentOptions,
  type SimulatedStep,
  simulatedEnvironment,
} from "./simulatedEnvironment.ts";
import { boxSpace, clipToSpace, discreteSpace, spaceSize } from "./space.ts";

const spaces = {
  name: "box",
  observationSpace: boxSpace({ shape: [2] }),
  actionSpace: boxSpace({ low: [-1], high: [1] }),
  timeLimit: 10,
};
const stream = randomStream(random.key(0).data);

/** A simulator that gives this in every step. */
const giving = (step: unknown, reset: unknown = [0, 0]): SimulatedEnvironmentOptions => ({
  ...spaces,
  create: () => ({ reset: () => reset as number[], step: () => step as SimulatedStep }),
});

const stepOf = async (given: unknown, action: number[] = [0]) => {
  const instance = await simulatedEnvironment(giving(given)).create();
  instance.reset(stream);
  return instance.step(Float64Array.from(action));
};

test("what a simulator gives goes through as it is", async () => {
  const given = { observation: [1, 2], reward: 3, terminated: false };
  expect(await stepOf(given)).toBe(given);
});

test("an instance may be one of a class", async () => {
  class Still {
    #episodes = 0;
    reset() {
      this.#episodes++;
      return [this.#episodes, 0];
    }
    step() {
      return { observation: [0, 0], reward: 0, terminated: true };
    }
    scene(): never {
      throw new Error(`seen after ${this.#episodes}`);
    }
    close() {
      this.#episodes = -1;
    }
  }
  const instance = await simulatedEnvironment({ ...spaces, create: () => new Still() }).create();
  expect(instance.reset(stream)).toEqual([1, 0]);
  expect(() => instance.scene!()).toThrow("seen after 1");
  instance.close!();
  expect(instance.reset(stream)).toEqual([0, 0]);
});

test("what other libraries' steps and resets give is refused with what to write", async () => {
  await expect(stepOf([[0, 0], 1, false, false, {}])).rejects.toThrow(
    /what step gives must be \{ observation, reward, terminated \}, got .* leave truncated out/,
  );
  await expect(stepOf(undefined)).rejects.toThrow(OptionError);
  const tensors = await simulatedEnvironment(giving(undefined, np.zeros([2]))).create();
  expect(() => tensors.reset(stream)).toThrow(/an observation must be an array of numbers, .* give \.data/);
});

test("what is not what it should be is a typed error that says where", async () => {
  const good = { observation: [1, 2], reward: 0, terminated: false };
  await expect(stepOf({ ...good, observation: [1, 2, 3] })).rejects.toThrow(ShapeError);
  await expect(stepOf({ ...good, observation: [1, 2, 3] })).rejects.toThrow(
    "box, step 0: an observation must be 2 numbers, as observationSpace says, got 3.",
  );
  await expect(stepOf({ ...good, observation: [1, NaN] })).rejects.toThrow(NonFiniteError);
  await expect(stepOf({ ...good, observation: [1, NaN] })).rejects.toThrow(
    /observation\[1\] must be a finite/,
  );
  await expect(stepOf({ ...good, reward: Infinity })).rejects.toThrow(
    /reward must be a finite number, got Inf/,
  );
  await expect(stepOf({ ...good, terminated: 1 })).rejects.toThrow(/terminated must be true or false, got 1/);
  await expect(stepOf(Promise.resolve(good))).rejects.toThrow(/got "a promise". Wait in create/);
  await expect(stepOf(good, [0, 1])).rejects.toThrow(
    /an action must be 1 numbers, .* got 2. Does the policy/,
  );
  await expect(stepOf(good, [NaN])).rejects.toThrow(/action\[0\] must be a finite number/);
  const unready = await simulatedEnvironment(giving(good, Promise.resolve([0, 0]))).create();
  expect(() => unready.reset(stream)).toThrow(/the observation must be there at once, got "a promise"/);
});

test("options of simulators, environments and spaces are checked", async () => {
  expect(() => simulatedEnvironment({ ...giving(0), timeLimit: 0 })).toThrow(/timeLimit must be an integer/);
  expect(() => simulatedEnvironment({ ...giving(0), name: "" })).toThrow(/name must be a text/);
  const wrong = { ...giving(0), observationSpace: 3 } as unknown as SimulatedEnvironmentOptions;
  expect(() => simulatedEnvironment(wrong)).toThrow(/observationSpace must be a space, got 3. Make one by/);
  class Still {
    readonly time = 0;
  }
  expect(() => simulatedEnvironment({ ...spaces, create: Still as never })).toThrow(
    'create must be a function, got "the class Still". Write () => new Still().',
  );
  const empty = simulatedEnvironment({ ...spaces, create: () => ({}) as never });
  await expect(empty.create()).rejects.toThrow(OptionError);
  expect(() => boxSpace({ low: [0, 1], high: [1] })).toThrow(/high must be one number, or 2/);
  expect(() => boxSpace({ low: [0, 1], high: [1, 1] })).toThrow(/low\[1\] must be below high\[1\]/);
  expect(() => discreteSpace(0)).toThrow(/count/);
  expect(spaceSize(discreteSpace(3))).toBe(3);
  expect([...clipToSpace(boxSpace({ low: [-1, 0], high: 5 }), np.array([-3, 9])).data]).toEqual([-1, 5]);
});

test("a traced environment that does not fit is said at once", () => {
  const still = {
    ...spaces,
    reset: () => ({ x: np.zeros([2]) }),
    observe: ({ x }: { x: ReturnType<typeof np.zeros> }) => x,
    step: (state: { x: ReturnType<typeof np.zeros> }) => ({
      state,
      reward: np.zeros([]),
      terminated: np.zeros([], { dtype: "bool" }),
    }),
  };
  expect(defineEnvironment(still).isTraceable).toBe(true);
  expect(() => defineEnvironment({ ...still, observationSpace: boxSpace({ shape: [3] }) })).toThrow(
    /observe must give a tensor of the observation space's shape \[3\]/,
  );
  expect(() =>
    defineEnvironment({ ...still, step: (s) => ({ ...still.step(s), reward: np.zeros([1]) }) }),
  ).toThrow(/reward must be a scalar tensor/);
  expect(() =>
    defineEnvironment({ ...still, step: (s) => ({ ...still.step(s), terminated: np.zeros([]) }) }),
  ).toThrow(/terminated must be a scalar tensor of bool/);
  expect(() =>
    defineEnvironment({ ...still, step: () => ({ ...still.step({ x: np.zeros([3]) }) }) }),
  ).toThrow(/the state after a step/);
});

test("a policy that does not fit, or does not write its action, is refused", async () => {
  const environment = simulatedEnvironment(giving({ observation: [1, 2], reward: 1, terminated: false }));
  const choosing = { ...environment, actionSpace: discreteSpace(2) };
  const instance = await environment.create();
  const play =
    (policy: SimulatedPolicy, at = environment, theta = new Float64Array(policy.size)) =>
    () =>
      playSimulated(at, instance, policy, theta, random.key(0)).value;
  expect(play(linearSimulated({ observationSize: 2, actionSize: 1 }))()).toBe(10);
  expect(play(linearSimulated({ observationSize: 1, actionSize: 1 }))).toThrow(
    "box: the policy linear is one of 1 observations and 1 actions, but there are 2 and 1.",
  );
  expect(play(mlpSimulated({ observationSize: 2, actionSize: 2 }))).toThrow(ShapeError);
  const acting = (act: SimulatedPolicy["act"]): SimulatedPolicy => ({ name: "own", size: 1, act });
  expect(play(acting(() => [1] as never))).toThrow(
    "box: what own.act returned must be nothing, got [1]. Its third argument is the array of the action: action[0] = ….",
  );
  expect(play(acting((_theta, _observation, action) => (action[0] = 0.5)))()).toBe(10);
  expect(play(acting((_theta, _observation, action) => action.fill(0.5)))()).toBe(10);
  const chosen = (choice: number) => acting((_theta, _observation, action) => void (action[0] = choice));
  expect(play(chosen(1), choosing)()).toBe(10);
  for (const wrong of [2, -1, 0.5])
    expect(play(chosen(wrong), choosing)).toThrow(
      `box, step 0: an action must be a whole number from 0 to 1, got ${wrong}.`,
    );
  expect(() =>
    playSimulated(environment, undefined as never, chosen(1), new Float64Array(1), random.key(0)),
  ).toThrow(
    "box: instance must be a running simulator, got undefined. Make one by await environment.create().",
  );
  expect(play(chosen(1), environment, np.zeros([1]) as never)).toThrow(
    "Of a tensor: Float64Array.from(theta.data).",
  );
});

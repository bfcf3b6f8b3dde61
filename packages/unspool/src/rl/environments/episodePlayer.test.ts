/** Episodes of many particles are those that plain loops play, and end where they should. */
import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { applyMlp, initMlp, type Layer } from "../../networks/index.ts";
import { compiledExecutor, referenceExecutor } from "../../unroll/index.ts";
import { cartPole } from "./cartPole.ts";
import { type Environment, type Policy, defineEnvironment } from "./environment.ts";
import { episodePlayer } from "./episodePlayer.ts";
import { momentsOf } from "./runningMoments.ts";
import { boxSpace } from "./space.ts";

const bangBang: Policy<{ weights: Tensor }> = {
  name: "bangBang",
  init: () => ({ weights: np.zeros([4]) }),
  act: ({ weights }, observation) => weights.mul(observation).sum().greater(0).astype("int32"),
};

/** A network with 64 hidden units that draws its action. */
const network: Policy<Layer[]> = {
  name: "network",
  init: (key) => initMlp(key, [4, 64, 2]),
  act: (layers, observation, key) =>
    random.categorical(key, applyMlp(layers, observation.reshape([1, 4])).slice(0)).astype("int32"),
};

const theta = { weights: np.array([0.2, 0.6, 1, 0.9]) };

/** An episode as anybody would write it. */
function plainly<Theta, State>(
  environment: Environment<State>,
  policy: Policy<Theta>,
  given: Theta,
  episodeKey: Key,
  steps: number,
) {
  let state = environment.reset(random.foldIn(episodeKey, "reset"));
  const observations: number[][] = [];
  let total = 0;
  for (let t = 0; t < steps; t++) {
    const stepKey = random.foldIn(random.foldIn(episodeKey, "steps"), t);
    const observation = environment.observe(state);
    observations.push([...observation.data]);
    const action = policy.act(given, observation, random.foldIn(stepKey, "policy"));
    const next = environment.step(state, action, stepKey);
    state = next.state;
    total += next.reward.item();
    if (next.terminated.item() === 1) break;
  }
  return { total, length: observations.length, observations };
}

test("returns, lengths and moments are those of plain loops", () => {
  const environment = cartPole({ dtype: "float64" });
  const key = random.key(3);
  const weights = np.array([0, 0.3, 1, 0.2], { dtype: "float64" });
  const player = episodePlayer(environment, bangBang, { steps: 40, hasMoments: true });
  const { returns, lengths, isTerminated, moments, innerSteps } = player.play({ weights }, key, {
    episodes: 3,
  });
  const own = [0, 1, 2].map((e) => plainly(environment, bangBang, { weights }, random.foldIn(key, e), 40));
  expect([...lengths.data]).toEqual(own.map(({ length }) => length));
  expect([...returns.data]).toEqual(own.map(({ total }) => total));
  expect([...isTerminated.data]).toEqual(own.map(({ length }) => Number(length < 40)));
  const wanted = momentsOf(own.flatMap(({ observations }) => observations));
  expect(moments!.count).toBe(innerSteps);
  expect(moments!.count).toBe(wanted.count);
  moments!.mean.forEach((x, i) => expect(x).toBeCloseTo(wanted.mean[i]!, 12));
  moments!.squares.forEach((x, i) => expect(x).toBeCloseTo(wanted.squares[i]!, 10));
});

test("the same bits on one thread and on three, and those of the reference executor", () => {
  const layers = network.init(random.key(1));
  const key = random.key(7);
  const play = (executor: Parameters<typeof episodePlayer>[2]) =>
    episodePlayer(cartPole(), network, { steps: 120, ...executor }).play(layers, key, { episodes: 70 });
  const one = play({ executor: compiledExecutor({ portableBits: true }) });
  const three = play({ executor: compiledExecutor({ threads: 3, portableBits: true }) });
  expect(three.returns.data).toEqual(one.returns.data);
  expect(three.finalObservations.data).toEqual(one.finalObservations.data);
  const reference = episodePlayer(cartPole(), network, { steps: 12, executor: referenceExecutor() });
  const short = reference.play(layers, key, { episodes: 4 });
  const compiled = episodePlayer(cartPole(), network, { steps: 12 }).play(layers, key, { episodes: 4 });
  expect(short.lengths.data).toEqual(compiled.lengths.data);
  short.finalObservations.data.forEach((x, i) =>
    expect(x).toBeCloseTo(compiled.finalObservations.data[i]!, 5),
  );
});

test("candidates play the same episodes, each as if it were alone", () => {
  const player = episodePlayer(cartPole(), bangBang, { steps: 150 });
  const key = random.key(2);
  const others = [theta.weights, theta.weights.mul(-1), np.array([0, 0, 1, 0])];
  const together = player.playEach({ weights: np.stack(others) as Tensor }, key, { episodes: 2 });
  expect(together.returns.shape).toEqual([3, 2]);
  others.forEach((weights, i) => {
    const alone = player.play({ weights }, key, { episodes: 2 });
    expect([...together.returns.slice(i).data]).toEqual([...alone.returns.data]);
  });
  const apart = player.playEach({ weights: np.stack(others) as Tensor }, key, {
    episodes: 2,
    isCommon: false,
  });
  expect([...apart.lengths.slice(1).data]).not.toEqual([...together.lengths.slice(1).data]);
});

test("trajectories stop where episodes end", () => {
  const player = episodePlayer(cartPole(), bangBang, { isRecorded: true, steps: 130 });
  const { trajectories, lengths, isTerminated } = player.play({ weights: np.zeros([4]) }, random.key(1), {
    episodes: 3,
  });
  const { observations, rewards, isAlive, terminated, actions, states } = trajectories!;
  expect(observations.shape).toEqual([130, 3, 4]);
  expect(states.pole.data).toEqual(observations.data);
  expect([...isAlive.astype("int32").sum(0).data]).toEqual([...lengths.data]);
  expect([...rewards.sum(0).data]).toEqual([...lengths.data]);
  expect([...terminated.astype("int32").sum(0).data]).toEqual([1, 1, 1]);
  expect([...isTerminated.data]).toEqual([1, 1, 1]);
  expect(Math.max(...actions.data)).toBe(0);
});

/** One more each step; ends at 3 for odd starts; after its end its reward is infinite. */
const counting = defineEnvironment({
  name: "counting",
  observationSpace: boxSpace({ shape: [1] }),
  actionSpace: boxSpace({ low: [-1], high: [1] }),
  timeLimit: 5,
  reset: (key: Key) => ({ x: np.zeros([1]), isOdd: random.bernoulli(key, 0.5, []) as Tensor }),
  observe: ({ x }) => x,
  step({ x, isOdd }) {
    const next = x.add(1);
    const reward = np.where(next.slice(0).greater(3), np.where(isOdd, Infinity, 1), 1) as Tensor;
    const terminated = np.logicalAnd(isOdd, next.slice(0).greaterEqual(3)) as Tensor;
    return { state: { x: next, isOdd }, reward, terminated };
  },
});

const idle: Policy<{ none: Tensor }> = {
  name: "idle",
  init: () => ({ none: np.zeros([1]) }),
  act: ({ none }) => none,
};

test("a limit is no termination, rewards after an end do not count, and a discount weighs them", () => {
  const { returns, lengths, isTerminated } = episodePlayer(counting, idle, { discount: 0.5 }).play(
    idle.init(random.key(0)),
    random.key(0),
    { episodes: 8 },
  );
  expect(new Set(isTerminated.data)).toEqual(new Set([0, 1]));
  isTerminated.data.forEach((ended, e) => {
    expect(lengths.data[e]).toBe(ended === 1 ? 3 : 5);
    // 1 + 1/2 + 1/4 (+ 1/8 + 1/16).
    expect(returns.data[e]).toBe(ended === 1 ? 1.75 : 1.9375);
  });
});

test("what does not fit is said when it is given", () => {
  expect(() => episodePlayer(counting, idle, { steps: 0 })).toThrow(/steps must be an integer of at least 1/);
  expect(() => episodePlayer(counting, idle, { discount: 2 })).toThrow(/discount must be from 0 to 1, got 2/);
  const player = episodePlayer(cartPole(), bangBang);
  expect(() => player.playEach({ weights: tree.scalar(1) }, random.key(0))).toThrow(
    /first axis, of candidates/,
  );
  expect(() => player.play(theta, random.key(0), { episodes: 0 })).toThrow(/episodes/);
});

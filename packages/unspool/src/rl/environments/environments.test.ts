/** Every environment of the registry is what its entry says. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { ShapeError, TraceError } from "../../errors.ts";
import { cartPole } from "./cartPole.ts";
import { type Policy, defineEnvironment, zeroAction } from "./environment.ts";
import { environments } from "./environments.ts";
import { episodePlayer } from "./episodePlayer.ts";
import { boxSpace, spaceShape } from "./space.ts";

test("misspelt names get a suggestion", () => {
  expect(() => environments.entry("cartpole")).toThrow(/Did you mean "cartPole"/);
});

describe.each(environments.entries.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
  const environment = entry.create();
  const { observationSpace, actionSpace } = environment;

  test("has the spaces of its entry, and starts that depend on the key alone", () => {
    expect(actionSpace.kind).toBe(entry.actions);
    expect(environment.name).toBe(entry.name);
    const numbers = (seed: number) =>
      tree.leaves(environment.reset(random.key(seed))).map(({ data }) => [...data]);
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(2)).not.toEqual(numbers(1));
    const observation = environment.observe(environment.reset(random.key(0)));
    expect([...observation.shape]).toEqual([...spaceShape(observationSpace)]);
    expect(observation.dtype).toBe("float32");
    const wide = entry.create({ dtype: "float64" });
    expect(wide.observe(wide.reset(random.key(0))).dtype).toBe("float64");
  });

  test("plays whole episodes of random actions with finite rewards, many at once", () => {
    const policy: Policy<{ none: Tensor }> = {
      name: "random",
      init: () => ({ none: np.zeros([1]) }),
      act: (_theta, _observation, key: Key) =>
        actionSpace.kind === "discrete"
          ? random.randint(key, [], 0, actionSpace.count)
          : random.normal(key, [...zeroAction(actionSpace).shape]),
    };
    const player = episodePlayer(environment, policy, { steps: 60 });
    const { returns, lengths, finalObservations } = player.play(policy.init(random.key(0)), random.key(4), {
      episodes: 40,
    });
    expect([...returns.data].every(Number.isFinite)).toBe(true);
    expect(new Set(finalObservations.slice([], 0).data).size).toBeGreaterThan(1);
    if (!entry.terminates) expect(Math.min(...lengths.data)).toBe(60);
  });
});

describe("an environment of one's own", () => {
  const own = {
    name: "own",
    observationSpace: boxSpace({ shape: [2] }),
    actionSpace: boxSpace({ low: [-1], high: [1] }),
    timeLimit: 5,
    reset: () => ({ x: 1, v: 0 }) as unknown as { x: Tensor; v: Tensor },
    observe: ({ x, v }: { x: Tensor; v: Tensor }) => np.stack([x, v]) as Tensor,
    step({ x, v }: { x: Tensor; v: Tensor }, action: Tensor) {
      const faster = v.add(action.slice(0));
      return { state: { x: x.add(faster), v: faster }, reward: x.neg(), terminated: x.greater(9) };
    },
  };
  const still: Policy<{ w: Tensor }> = {
    name: "still",
    init: () => ({ w: np.zeros([1]) }),
    act: ({ w }) => w,
  };
  const theta = { w: np.zeros([1]) };

  test("may have plain numbers in its state, as problems may", () => {
    const { returns } = episodePlayer(defineEnvironment(own), still).play(theta, random.key(0));
    expect([...returns.data]).toEqual([-5]);
  });

  test("says what a step must give, where it gives Gymnasium's", () => {
    const tuple = { ...own, step: () => [1, 0, false, false, {}] as never };
    expect(() => defineEnvironment(tuple)).toThrow(ShapeError);
    expect(() => defineEnvironment(tuple)).toThrow(
      "(own): step must give { state, reward, terminated }, got [1, 0",
    );
    const number = { ...own, reset: () => 3 as never };
    expect(() => defineEnvironment(number)).toThrow(
      "what reset gives must be tensors in records or arrays, got 3.",
    );
  });

  test("may not draw by Math.random, which would be frozen; nor may a policy", () => {
    const drawing = {
      ...own,
      step: (...args: Parameters<typeof own.step>) => {
        const made = own.step(...args);
        return { ...made, reward: made.reward.add(Math.random()) };
      },
    };
    expect(() => defineEnvironment(drawing)).toThrow(TraceError);
    expect(() => defineEnvironment(drawing)).toThrow("Draw with the key that reset and step are given");
    const exploring: typeof still = { ...still, act: ({ w }) => w.add(Math.random()) };
    const play = () => episodePlayer(defineEnvironment(own), exploring).play(theta, random.key(0));
    expect(play).toThrow(/still\.act: .*Draw with the key that act is given/);
  });

  test("is not played by a policy of other actions", () => {
    const wide: typeof still = { ...still, act: ({ w }) => np.concatenate([w, w]) as Tensor };
    expect(() => episodePlayer(defineEnvironment(own), wide).play(theta, random.key(0))).toThrow(
      'an action in "own" must be of shape [1], as its actionSpace says, got traced float32[2].',
    );
    const scored: Policy<{ w: Tensor }> = {
      ...still,
      act: ({ w }, s) => w.slice(0).mul(s.slice(0)).add(0.3),
    };
    expect(() => episodePlayer(cartPole(), scored).play(theta, random.key(0))).toThrow(
      'an action in "cartPole" must be one of 2 choices, an int32 from 0 to 1, got traced float32[].',
    );
    const yesNo: typeof scored = { ...still, act: ({ w }, s) => w.slice(0).mul(s.slice(0)).greater(0) };
    expect(episodePlayer(cartPole(), yesNo).play(theta, random.key(0)).lengths.item()).toBeGreaterThan(5);
  });

  test("a choice that there is not has no reward", () => {
    const choosing = (choice: number): typeof still => ({
      ...still,
      act: () => tree.scalar(choice, "int32"),
    });
    const returned = (choice: number) =>
      episodePlayer(cartPole(), choosing(choice)).play(theta, random.key(0)).returns.item();
    expect(returned(1)).toBeGreaterThan(5);
    expect([returned(2), returned(-1)]).toEqual([NaN, NaN]);
  });

  test("what is no traced environment or no policy is refused at once", () => {
    const { isTraceable: _, ...parts } = defineEnvironment(own);
    expect(() => episodePlayer(parts as never, still)).toThrow("environment must be a traced environment");
    expect(() => episodePlayer(defineEnvironment(own), still.act as never)).toThrow(
      "policy must be a policy: { name, init, act }",
    );
  });
});

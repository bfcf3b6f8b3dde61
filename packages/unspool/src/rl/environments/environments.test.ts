/** Every environment of the registry is what its entry says. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { zeroAction, type Policy } from "./environment.ts";
import { environments } from "./environments.ts";
import { episodePlayer } from "./episodePlayer.ts";
import { spaceShape } from "./space.ts";

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

import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { adam } from "../../optimizers/index.ts";
import { gridSearch } from "./gridSearch.ts";
import { type NestedSearchOptions, nestedSearch, trainedFor } from "./nestedSearch.ts";
import { type LinearFeedbackTheta, linearFeedback } from "./policies/linearFeedback.ts";
import { linearGaussianDesign } from "./systems/linearGaussianDesign.ts";
import { baseLoadRule, microgrid } from "./systems/microgrid.ts";

const listOf = (x: Tensor): number[] => Array.from(x.data, Number);

describe("gridSearch", () => {
  /** All points in the order in which they are asked for, with losses by the distance to (0.5, 1). */
  const walk = (search: ReturnType<typeof gridSearch>, steps: number) => {
    let state = search.init(np.array([0, 0]), random.key(0));
    const points: number[][] = [];
    for (let i = 0; i < steps; i++) {
      const asked = search.ask(state, random.key(i));
      const rows = Array.from({ length: asked.candidates.shape[0]! }, (_, j) =>
        listOf(asked.candidates.slice(j)),
      );
      points.push(...rows);
      state = search.tell(
        asked.state,
        rows.map(([x, y]) => Math.hypot(x! - 0.5, y! - 1)),
      ).state;
    }
    return { points, best: listOf(search.incumbent(state)) };
  };

  test("asks for every point once, and recommends the best", () => {
    const { points, best } = walk(gridSearch({ points: 3, population: 4 }), 3);
    // The last step has one point left, and asks for three again.
    expect(new Set(points.map(String)).size).toBe(9);
    expect(best).toEqual([0.5, 1]);
  });

  test("inside the box without its sides", () => {
    const { points } = walk(gridSearch({ points: 3, isInterior: true, population: 9 }), 1);
    expect(points.flat().every((x) => [0.25, 0.5, 0.75].includes(x))).toBe(true);
  });

  test("too many points are refused", () => {
    expect(() => gridSearch().init(np.zeros([8]), random.key(0))).toThrow(
      "gridSearch: points must be small enough for 10000000 points of 8 numbers, got 20.",
    );
  });
});

describe("nestedSearch", () => {
  test("by a rule: the best cell of a grid of microgrids", { tags: ["long"] }, () => {
    // Without noise the best of the authors' 20 / 20 / 1.6 grid is (120, 100, 4.8); this one has a coarser step.
    const task = microgrid();
    const outer = gridSearch({ points: 10, population: 50 });
    const method = nestedSearch({ task, outer, inner: { controller: baseLoadRule }, trajectories: 4 });
    let theta = np.array([100, 100, 8], { dtype: "float64" });
    let state = method.init(theta, random.key(0));
    for (let i = 0; i < 20; i++) {
      const made = method.step(theta, state, random.foldIn(random.key(1), i));
      [theta, state] = [made.theta, made.state];
      expect(made.metrics.innerSteps).toBe(50 * 4 * 120);
    }
    // Cells of the grid: 120, 100 and 4.8 are points of it.
    const [sun, battery, generator] = listOf(theta);
    expect([sun, battery, generator!].map((x) => Math.round(x! * 10) / 10)).toEqual([120, 100, 4.8]);
  });

  const task = linearGaussianDesign();
  const policy = linearFeedback({ gain: [[0]], deviation: 0.3 });
  const inner = { policy, steps: 60, batch: 64, optimizers: { policy: adam({ learningRate: 0.05 }) } };

  test("a policy trained for one design comes near its best", () => {
    const { theta, meanReturn, innerSteps } = trainedFor(task, inner, 2000)(np.array([0.9]), random.key(0));
    const best = Math.max(
      ...Array.from({ length: 400 }, (_, i) => task.exactReturn([0.9], -2 + i / 200, 0.3)),
    );
    expect(task.exactReturn([0.9], theta.policy.gain.item(), 0.3)).toBeGreaterThan(best - 0.1);
    expect(Math.abs(meanReturn - best)).toBeLessThan(0.5);
    expect(innerSteps).toBe(60 * 64 * 5 + 2000 * 5);
  });

  test.each(["nelderMead", "simulatedAnnealing"] as const)(
    "by training and %s",
    { tags: ["long"] },
    (outer) => {
      const method = nestedSearch({ task, outer, inner: { ...inner, steps: 10 }, trajectories: 200 });
      let theta = np.array([1.1]);
      let state = method.init(theta, random.key(0));
      for (let i = 0; i < 8; i++) {
        const made = method.step(theta, state, random.foldIn(random.key(1), i));
        [theta, state] = [made.theta, made.state];
      }
      // The best design is 0.2877; the search began 0.81 away.
      expect(Math.abs(theta.item() - 0.287658)).toBeLessThan(0.4);
    },
  );

  test("by training and a search by name", () => {
    const method = nestedSearch({ task, outer: "randomSearch", inner: { ...inner, steps: 20 } });
    const start = np.array([1.4]);
    const made = method.step(start, method.init(start, random.key(0)), random.key(1));
    expect(made.metrics["candidates"]).toBe(16);
    expect(made.metrics["design.a"]).toBeCloseTo(made.theta.item(), 6);
    // The best of 16 uniform designs is nearer to 0.29 than 1.4 is.
    expect(Math.abs(made.theta.item() - 0.287658)).toBeLessThan(0.5);
  });

  test.each<[Partial<NestedSearchOptions<Tensor, LinearFeedbackTheta>>, string]>([
    [{ outer: "grids" as never }, 'nestedSearch: outer must be one of "grid", '],
    [{ trajectories: 0 }, "nestedSearch: trajectories must be an integer of at least 1, got 0."],
    [
      { inner: { controller: 3 as never } },
      "nestedSearch: inner.controller must be a function of design, state, step and key, got 3.",
    ],
    [
      { inner: undefined as never },
      "nestedSearch: inner must be { controller }, or { policy, steps } that is trained",
    ],
    [{ inner: (() => 0) as never }, "nestedSearch: inner must be { controller }, or"],
    [{ inner: { policy, steps: 0 } }, "nestedSearch: inner.steps must be an integer of at least 1, got 0."],
  ])("%# is refused", (given, message) => {
    expect(() => nestedSearch({ task, inner, ...given })).toThrow(OptionError);
    expect(() => nestedSearch({ task, inner, ...given })).toThrow(message);
  });

  test("a start of another length is refused", () => {
    expect(() => nestedSearch({ task, inner }).init(np.zeros([2]), random.key(0))).toThrow(ShapeError);
  });
});

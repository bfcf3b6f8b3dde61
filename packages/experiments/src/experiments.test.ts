/** Each experiment's own defaults are options that everything it is made of takes. */
import { random, runStudy, setUp, tree } from "unspool";
import { expect, test } from "vitest";
import { experiments, studies } from "./index.ts";

test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
  "%s sets itself up from its defaults",
  async (_, experiment) => {
    const setup = await setUp(experiment, experiment.config.parse({}), random.key(0));
    expect(tree.isFinite(tree.tensors(setup.theta))).toBe(true);
    expect(setup.steps).toBeGreaterThan(0);
  },
);

test.each(studies.map((study) => [study.name, study] as const))(
  "%s names its cells from its defaults, in configs that their experiments take",
  async (_, study) => {
    const cells = study.cells(study.config.parse({}), 0);
    for (const { experiment, config = {} } of cells) {
      if (typeof experiment !== "function") expect(() => experiment.config.parse(config)).not.toThrow();
    }
    // Checks the cells, runs none, and summarises nothing: of which nothing is known, not NaN.
    const { cells: ids, summary } = await runStudy(study, { only: [] });
    expect(ids).toEqual(cells.map(({ id }) => id));
    expect(Object.values(summary.metrics!).filter((value) => !Number.isFinite(value))).toEqual([]);
  },
);

test("every name is one of its own", () => {
  const names = [...experiments, ...studies].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

/** Each experiment's own defaults are options that everything it is made of takes. */
import { random, runStudy, setUp } from "unspool";
import { expect, test } from "vitest";
import { experiments, studies } from "./index.ts";

test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
  "%s sets itself up from its defaults",
  async (_, experiment) => {
    const setup = await setUp(experiment, experiment.config.parse({}), random.key(0));
    expect(setup.method ?? setup.estimator).toBeDefined();
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
    // Checks the cells, runs none, and summarises nothing.
    const { summary } = await runStudy(study, { only: [] });
    expect(summary.figures).toBeDefined();
  },
);

test("every name is one of its own", () => {
  const names = [...experiments, ...studies].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

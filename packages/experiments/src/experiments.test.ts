/** Each experiment's own defaults are options that everything it is made of takes. */
import { random } from "unspool";
import { expect, test } from "vitest";
import { experiments } from "./index.ts";

test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
  "%s sets itself up from its defaults",
  async (_, { config, setup }) => {
    expect(await setup(config.parse({}), random.key(0))).toMatchObject({
      theta: expect.anything(),
      estimator: expect.anything(),
      optimizer: expect.anything(),
    });
  },
);

/** What an optimizer or a window has is refused beside a search, where a person has set it. */
import { expect, test } from "vitest";
import { z } from "zod";
import { experiments } from "../index.ts";
import { estimatorFields } from "./fields.ts";
import { withSearches } from "./withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.1, pairs: 4, truncation: 10 }),
    rate: z.number().default(0.1),
    clip: z.number().optional(),
  }),
  { optimizer: ["rate", "clip"] },
);
const complaints = (given: object): string[] =>
  (config.safeParse(given).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

test("a window and the optimizer's numbers beside a search, each by its name", () => {
  expect(complaints({ estimator: "cma", truncation: 5, rate: 1, clip: 3 })).toEqual([
    "truncation: must be left out beside the search cmaEs, which takes whole trajectories and has no windows",
    "rate: must be left out beside the search cmaEs, which has no optimizer",
    "clip: must be left out beside the search cmaEs, which has no optimizer",
  ]);
  expect(complaints({ estimator: "pes", truncation: 5, rate: 1, clip: 3 })).toEqual([]);
});

test("defaults are nobody's choice, and a config parses to itself, as a run that goes on needs it", () => {
  const parsed = config.parse({ estimator: "cmaEs", sigma: 1, pairs: 7 });
  expect(parsed).toMatchObject({ truncation: 10, rate: 0.1 });
  expect(config.parse(parsed)).toEqual(parsed);
});

test("a field that the schema does not have is a mistake in the program", () => {
  expect(() => withSearches(z.strictObject(estimatorFields({ sigma: 1, pairs: 1, truncation: 1 })))).toThrow(
    '"learningRate"',
  );
});

test("every experiment that takes a search refuses a window beside it", () => {
  const given = { estimator: "snes", truncation: 3 };
  const told = experiments.flatMap(({ name, config: schema }) => {
    if (!(schema instanceof z.ZodObject) || !("truncation" in schema.shape)) return [];
    const issues = schema.safeParse(given).error?.issues ?? [];
    const isRefused = issues.some(({ path }) => path[0] === "truncation" || path[0] === "estimator");
    return [[name, isRefused] as const];
  });
  expect(told.length).toBeGreaterThan(15);
  expect(told.filter(([, isRefused]) => !isRefused)).toEqual([]);
});

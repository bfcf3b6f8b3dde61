/**
 * Random cases with the values that NumPy 1.24.2 gave, recorded by `npm run test:numpy -- --record`; the whole of it,
 * with NumPy at hand, is `npm run test:numpy`.
 */
import { expect, test } from "vitest";
import { type Case, type Way, ways } from "./case.ts";
import { failureOf } from "./compare.ts";
import { exceptions } from "./exceptions.ts";
import { outcome } from "./outcome.ts";
import { type Recorded, readRecorded } from "./record.ts";
import { sourceOf } from "./source.ts";

const recorded = readRecorded();

const wrongOf = ({ case: one, verdict }: Recorded, way: Way): string[] => {
  if (!one.ways.includes(way)) return [];
  const failure = failureOf(one, way, outcome(one, way), verdict);
  const isExcused = failure !== undefined && exceptions.some(({ allows }) => allows(one, way, failure));
  return failure === undefined || isExcused ? [] : [`${failure.text}\n${sourceOf(one)}`];
};

test.each(ways)("%s", (way) => {
  expect(recorded.flatMap((one) => wrongOf(one, way))).toEqual([]);
});

test("the judge tells a wrong value, dtype, shape and error", () => {
  const { case: one, verdict } = recorded.find(
    ({ case: { transform, nodes } }) =>
      transform === "value" && nodes.length === 1 && ["exp", "expm1", "tanh"].includes(nodes[0]!.name),
  )!;
  const spoiled = (change: Partial<Case>): Case => ({ ...one, ...change });
  expect(failureOf(one, "eager", outcome(one, "eager"), verdict)).toBeUndefined();
  const other = spoiled({ nodes: [{ ...one.nodes[0]!, name: "sinh" }] });
  expect(failureOf(one, "eager", outcome(other, "eager"), verdict)?.kind).toBe("value");
  const wide = spoiled({ nodes: [{ ...one.nodes[0]!, dtype: "int32" }] });
  expect(failureOf(wide, "eager", outcome(one, "eager"), verdict)?.kind).toBe("dtype");
  expect(failureOf(one, "eager", new TypeError("no"), verdict)?.kind).toBe("untyped");
});

import { expect, test } from "vitest";
import { differences } from "../../scripts/paperRecords/figures.ts";

const said = (...lines: string[]) => [{ name: "claim", state: "passed", seconds: 1, said: lines }];

test("numbers count as equal up to the tolerance, relative to the larger one; times are none", () => {
  const recorded = { claim: ["gap 0.100 and -2e-3 after 12 s", "{ fivo: { gap: 0.5 } }"] };
  expect(differences(recorded, said(...recorded.claim), 0)).toEqual([]);
  const near = said("gap 0.101 and -2e-3 after 30.5 s", "{ fivo: { gap: 0.5 } }");
  expect(differences(recorded, near, 0.02)).toEqual([]);
  const [difference, ...more] = differences(recorded, near, 0.005);
  expect(more).toEqual([]);
  expect(difference).toMatchObject({ kind: "number", recorded: recorded.claim[0], now: near[0]!.said[0] });
  expect(difference!.relative).toBeCloseTo(0.001 / 0.101, 12);
});

test("a sign, a number that is none any more, other words, lines and tests are told", () => {
  const kindsOf = (before: string[], now: string[]) =>
    differences({ claim: before }, said(...now), 0.5).map(({ kind }) => kind);
  expect(kindsOf(["z 1.0"], ["z -1.0"])).toEqual(["number"]);
  expect(kindsOf(["z 1.0"], ["z NaN"])).toEqual(["number"]);
  expect(kindsOf(["z NaN"], ["z NaN"])).toEqual([]);
  expect(kindsOf(["W12 holds"], ["W13 holds"])).toEqual(["text"]);
  expect(kindsOf(["a"], ["a", "b"])).toEqual(["new"]);
  expect(kindsOf(["a", "b"], ["a"])).toEqual(["missing"]);
  expect(differences({ other: [] }, said(), 0)).toEqual([{ test: "other", kind: "missing" }]);
  expect(differences({}, said("a"), 0)).toEqual([{ test: "claim", kind: "new" }]);
});

import { expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { learnedOptimizerFile, loadLearnedOptimizer } from "./learnedFile.ts";
import { learnedOptimizers } from "./registry.ts";
import type { Optimizer } from "../optimizer.ts";
import { mlpLopt } from "./mlpLopt.ts";
import { star } from "./star.ts";

test("every learned optimizer comes back from its file bit for bit, and moves the same", () => {
  for (const { name, create } of learnedOptimizers) {
    const learned = create({});
    const meta = learned.init(random.key(3));
    const text = JSON.stringify(learnedOptimizerFile(name, {}, meta, { seed: 3 }));
    const loaded = loadLearnedOptimizer(text);
    expect(tree.flatten(loaded.meta)).toEqual(tree.flatten(meta));
  }
  const { learned, meta, optimizer } = loadLearnedOptimizer(
    learnedOptimizerFile("mlpLopt", {}, mlpLopt().init(random.key(1))),
  );
  const theta = { x: np.array([1, -2, 3]) };
  const step = (rule: Optimizer) =>
    rule.update({ x: np.array([0.1, 0.2, -0.3]) }, rule.init(theta), theta).theta.x.data;
  expect(step(optimizer)).toEqual(step(learned.optimizer(meta as never)));
});

test("files that are none, or of another optimizer, are refused", () => {
  const file = learnedOptimizerFile("star", {}, star().init(random.key(0)));
  expect(() => loadLearnedOptimizer("nonsense")).toThrow("not JSON");
  expect(() => loadLearnedOptimizer({ ...file, version: 9 })).toThrow("version 9");
  expect(() => loadLearnedOptimizer({ ...file, name: "smallFc" })).toThrow("layers");
  expect(() => loadLearnedOptimizer({ ...file, parameters: {} })).toThrow("the leaves of star");
});

test("numbers that are not finite are refused, when a file is made and when it is read", () => {
  const meta = star().init(random.key(0));
  const file = learnedOptimizerFile("star", {}, meta);
  const broken = { ...meta, squareDecay: np.array([NaN]) };
  expect(() => learnedOptimizerFile("star", {}, broken)).toThrow(
    'the parameters at "squareDecay" are not finite',
  );
  for (const [bad, shown] of [
    [null, "null"],
    [1e300, "1e+300"],
    ["1", '"1"'],
  ] as const) {
    // prettier-ignore
    const parameters = { ...file.parameters, squareDecay: { shape: [1], data: [bad as number] } };
    expect(() => loadLearnedOptimizer({ ...file, parameters })).toThrow(
      `element 0 of parameters at "squareDecay" must be a finite number of float32, got ${shown}.`,
    );
  }
});

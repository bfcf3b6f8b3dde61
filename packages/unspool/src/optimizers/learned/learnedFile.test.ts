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

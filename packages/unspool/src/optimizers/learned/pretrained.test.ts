import { expect, test } from "vitest";
import { np, tree } from "../../array/index.ts";
import { loadLearnedOptimizer } from "./learnedFile.ts";
import { pretrainedOptimizer, pretrainedOptimizerFile, pretrainedOptimizerNames } from "./pretrained.ts";

test.each([
  ["star-mnist", "float32"],
  ["star-mnist", "float64"],
  ["star-pool", "float32"],
  ["star-pool", "float64"],
] as const)("%s in one line, on parameters of %s", (name, dtype) => {
  const optimizer = pretrainedOptimizer(name);
  const start = { w: np.ones([4, 3], { dtype }), b: np.ones([3], { dtype }) };
  let [theta, state] = [start, optimizer.init(start)];
  for (let step = 0; step < 3; step++) ({ theta, state } = optimizer.update(theta, state, theta));
  for (const [path, leaf] of tree.entries(theta)) {
    expect([path, leaf.dtype]).toEqual([path, dtype]);
    // The gradient of |x|^2 / 2 is x: every step leads towards 0.
    for (const x of leaf.data) expect(x).toBeLessThan(1);
  }
});

test("every file loads, comes back from JSON, and says how it was made", () => {
  for (const name of pretrainedOptimizerNames) {
    const file = pretrainedOptimizerFile(name);
    expect(file.origin["command"]).toBe(`npm run pretrain ${name}`);
    const [plain, again] = [loadLearnedOptimizer(file), loadLearnedOptimizer(JSON.stringify(file))];
    expect(tree.leaves(again.meta).map(({ data }) => data)).toEqual(
      tree.leaves(plain.meta).map(({ data }) => data),
    );
  }
});

test("a misspelt name is told the nearest one", () => {
  expect(() => pretrainedOptimizer("star-mnst")).toThrow('Did you mean "star-mnist"?');
});

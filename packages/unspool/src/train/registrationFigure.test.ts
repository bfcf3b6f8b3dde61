/** The figure of what a curvature method makes of a network, in the results of a run and by itself. */
import { expect, test } from "vitest";
import { type Layers, type Tensor, np } from "../array/index.ts";
import { objectiveDescent } from "../methods/index.ts";
import { gaussianLikelihood, kfac, networkObjective } from "../optimizers/index.ts";
import type { Setup } from "./experiment.ts";
import { registrationFigure } from "./registrationFigure.ts";
import { train } from "./train.ts";

const theta = {
  gain: np.array([2]),
  norm: { scale: np.ones([3]), shift: np.zeros([3]) },
  out: { weights: np.ones([3, 1]), bias: np.zeros([1]) },
};
type Theta = typeof theta;
const network = (at: Theta, x: Tensor, layers: Layers): Tensor =>
  layers.dense(at.out, layers.scaleShift(at.norm, x)).mul(at.gain).add(at.out.bias);
const objective = networkObjective({
  network,
  likelihood: gaussianLikelihood,
  inputs: np.array([[1, 2, 0], [0, 1, -1]]), // prettier-ignore
  targets: np.array([[1], [0]]), // prettier-ignore
});
const optimizer = kfac({ generic: "diagonal" });

test("one bar for each parameter, block by block, what is in none last", () => {
  const { bars, caption, series } = registrationFigure(optimizer.registrationReport(theta, objective));
  expect(bars).toEqual([
    { label: "norm.scale", value: 3, group: "second moments of gradients", note: "[3] scale" },
    { label: "norm.shift", value: 3, group: "second moments of gradients", note: "[3] with norm.scale" },
    { label: "out.bias", value: 1, group: "a Kronecker product", note: "[1] with out.weights and outside" },
    { label: "out.weights", value: 3, group: "a Kronecker product", note: "[3, 1] dense" },
    { label: "gain", value: 1, group: "in no layer: a diagonal", note: "[1]" },
  ]);
  expect(caption).toMatch(
    /^2 blocks of the approximate Fisher information, of 10 numbers; 1 are in no block\. "and outside"/,
  );
  expect(series).toEqual([]);
});

test("a run of an optimizer that looks at layers has it among its figures, unless the experiment has its own", async () => {
  const setup = (own: boolean): Setup<Theta> => ({
    theta,
    method: objectiveDescent({ optimizer, objective: () => objective, data: () => ({}) }),
    steps: 1,
    ...(own && {
      figures: () => [{ ...registrationFigure({ parameters: [], blocks: [], table: "" }), title: "mine" }],
    }),
  });
  const experiment = (own: boolean) => ({
    name: "layers",
    summary: "",
    config: { parse: (value: unknown) => value },
    setup: () => setup(own),
  });
  const { figures, metrics } = await train(experiment(false), { seed: 1 });
  expect(metrics[0]).toMatchObject({
    alpha: expect.any(Number),
    mu: 0,
    conditionNumber: expect.any(Number),
    frozenLayers: 0,
  });
  expect(figures.map(({ id, bars }) => [id, bars!.length])).toEqual([["parameter-blocks", 5]]);
  expect((await train(experiment(true), { seed: 1 })).figures.map(({ title }) => title)).toEqual(["mine"]);
});

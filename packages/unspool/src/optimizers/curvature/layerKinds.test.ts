/**
 * Blocks of embeddings, attention, scales and shifts: against torch 1.13 (float64, layers written out, derivatives at their
 * results by autograd), and against the dense Fisher matrix.
 */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, np, random, tree } from "../../array/index.ts";
import { attention, layerNorm } from "../../networks/index.ts";
import { networkObjective } from "../objective/objective.ts";
import { expectClose, numbers } from "../testing.ts";
import { columnMatrix, blockMatrices, fisherColumns } from "./fisherColumns.ts";
import { kfac } from "./kfac.ts";
import { observedState } from "./kfacTesting.ts";
import { categoricalLogits } from "./likelihoods.ts";
import { denseFisher, f64 } from "./testing.ts";

/** sin(phase + 0.7 i + 0.13 i²) for the i-th element, as in the script that the numbers come from. */
function values(shape: number[], phase: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const all = Array.from({ length: size }, (_, i) => Math.sin(phase + 0.7 * i + 0.13 * i * i));
  return np.array(all, { ...f64, shape });
}
const dense = (weights: number, bias: number) => ({
  weights: values([4, 4], weights).mul(0.6),
  bias: values([4], bias).mul(0.2),
});
const theta = {
  attention: { query: dense(4, 8), key: dense(5, 9), value: dense(6, 10), output: dense(7, 11) },
  norm: { scale: values([4], 2).mul(0.2).add(1), shift: values([4], 3).mul(0.1) },
  out: { weights: values([4, 3], 12), bias: values([3], 13) },
  words: { table: values([5, 4], 1) },
};
type Theta = typeof theta;
const ids = np.array([[0, 2, 1], [4, 4, 3], [1, 0, 0]], { dtype: "int32" }); // prettier-ignore

/** Words, a normalisation, causal attention of two heads beside a way around it, and the mean over positions. */
function transformer(at: Theta, indices: Tensor, layers: Layers): Tensor {
  const h = layers.embedding(at.words, indices);
  const seen = attention(at.attention, layerNorm(at.norm, h, { layers }), {
    heads: 2,
    isCausal: true,
    layers,
  });
  return layers.dense(at.out, h.add(seen).mean(1));
}
const objective = networkObjective({
  network: transformer,
  likelihood: categoricalLogits,
  inputs: ids,
  targets: np.array([0, 2, 1], { dtype: "int32" }),
});

describe("blocks of a small transformer against torch", () => {
  const { factors } = observedState(kfac({ fisher: "full" }), theta, objective);
  const first = (x: Tensor): Tensor => x.slice(0);
  const trace = (x: Tensor): number => np.trace(x).item();

  test("the loss, and every leaf in a block", () => {
    expect(objective.loss(theta).item()).toBeCloseTo(1.432033362387716, 13);
    const { parameters } = kfac().registrationReport(theta, objective);
    expect(parameters.filter(({ treatment }) => treatment !== "kronecker").map(({ path, treatment }) => [path, treatment])).toEqual([
      ["norm.scale", "gradients"],
      ["norm.shift", "gradients"],
    ]); // prettier-ignore
    expect(Object.keys(factors).toSorted()).toEqual(["attention.key.weights", "attention.output.weights", "attention.query.weights", "attention.value.weights", "norm.scale", "out.weights", "words.table"]); // prettier-ignore
  });

  test("attention: inputs in the mean, derivatives in the sum over positions", () => {
    const query = factors["attention.query.weights"]!;
    expectClose(first(query.inputs), [1.1782999739881022, 0.04576345692229723, -0.19432069294502094, -0.7695492886352473, 0.6905366808573952]); // prettier-ignore
    expectClose(query.inputs.sum(), [1.5239009473906515]);
    expectClose(first(query.outputs), [0.0014155967768075253, 0.0008052106105817902, 0.0005252713178768532, -0.0004742691820649638]); // prettier-ignore
    expect(trace(query.outputs)).toBeCloseTo(0.005282488258276075, 13);
    const value = factors["attention.value.weights"]!;
    expectClose(first(value.outputs), [0.24495003079761432, 0.09316834855153161, 0.15739215466946363, -0.13225467071182484]); // prettier-ignore
    const output = factors["attention.output.weights"]!;
    expectClose(first(output.outputs), [0.10746828219979054, -0.03296747429743194, -0.006425656063281236, -0.02167804662108863]); // prettier-ignore
    expect(trace(output.outputs)).toBeCloseTo(0.46053510724931795, 12);
  });

  test("an embedding: how often each entry comes up, on a diagonal", () => {
    const words = factors["words.table"]!;
    expect(words.inputs.shape).toEqual([5]);
    expectClose(words.inputs, [3 / 9, 2 / 9, 1 / 9, 1 / 9, 2 / 9]);
    expectClose(first(words.outputs), [0.11954953207425165, -0.06381355803249453, -0.0027477297481905694, -0.018493582793981875]); // prettier-ignore
    expect(trace(words.outputs)).toBeCloseTo(0.9848893959793148, 12);
  });

  test("a scale and shift: the exact block of both", () => {
    const { inputs, outputs } = factors["norm.scale"]!;
    expect([...inputs.data]).toEqual([1]);
    expect(outputs.shape).toEqual([8, 8]);
    expectClose(first(outputs), [0.037055298614353534, -0.0029353385796790313, -0.07771598931123848, -0.0017803286403855923, 0.03602923875052136, 0.007777794978596953, 0.10864430877639851, 0.002365166818469283]); // prettier-ignore
    expectClose(outputs.slice(5), [0.007777794978596953, 0.0008469717980104569, -0.023494472969276627, 0.004552217682020408, 0.011906687704930207, 0.003367706547883, 0.03872728432365383, -0.002924764988375861]); // prettier-ignore
    expectClose(outputs.mul(outputs).sum(), [0.660590810785995]);
  });

  test(
    "columns of the Fisher information are those of the whole network, whatever the layer",
    { tags: ["long"] },
    () => {
      const columns = fisherColumns(objective.network!, theta, { fisher: "full", key: random.key(0) });
      const g = np.concatenate(columns.layers.map(columnMatrix), 1);
      expect(g.shape[0]).toBe(columns.count);
      const exact = denseFisher(objective, theta);
      // Order of columns: blocks with biases as last rows. Permute the dense matrix alike.
      const order = np.concatenate(
        blockMatrices(columns.registration.blocks, places(theta)).map((matrix) => matrix.reshape([-1])),
        0,
      );
      const permuted = np.take(np.take(exact, order.astype("int32"), 0), order.astype("int32"), 1);
      expectClose(np.matmul(np.transpose(g), g), numbers(permuted), 1e-11);
    },
  );
});

/** A tree like theta whose elements are their places among all parameters. */
function places<T>(like: T): T {
  let offset = 0;
  return tree.map((leaf) => {
    const own = np
      .arange(offset, offset + leaf.size)
      .astype("float64")
      .reshape([...leaf.shape]);
    offset += leaf.size;
    return own;
  }, like);
}

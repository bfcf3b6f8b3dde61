/** Attention against torch 1.13's nn.MultiheadAttention, values and gradients in float64; embeddings and their errors. */
import { expect, test } from "vitest";
import { type Tensor, np, plainLayers, random, tree, valueAndGrad } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { jit } from "../array/index.ts";
import { type AttentionWeights, attention, initAttention } from "./attention.ts";
import { initEmbedding } from "./embedding.ts";

const f64 = { dtype: "float64" } as const;

/** sin(phase + 0.7 i + 0.13 i²) for the i-th element, as in the script that the numbers come from. */
function values(shape: number[], phase: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const numbers = Array.from({ length: size }, (_, i) => Math.sin(phase + 0.7 * i + 0.13 * i * i));
  return np.array(numbers, { ...f64, shape });
}

const weights = Object.fromEntries(
  ["query", "key", "value", "output"].map((name, i) => [
    name,
    { weights: values([4, 4], i + 1).mul(0.8), bias: values([4], i + 5).mul(0.3) },
  ]),
) as AttentionWeights;
const x = values([2, 3, 4], 0.1);
const close = (actual: Tensor, wanted: number[]): void =>
  wanted.forEach((value, i) => expect(actual.data[i]).toBeCloseTo(value, 12));

test("two heads, every position sees all", () => {
  const y = attention(weights, x, { heads: 2 });
  close(y.slice(0, 0), [0.6914317671224817, -1.4168055990932864, 1.2311149510187127, -0.6306322080651116]);
  close(y.slice(1, 2), [-0.05270634037031402, 0.46945685640166257, -1.1218527445620152, 0.24843949632745355]);
  expect(y.mul(y).sum().item()).toBeCloseTo(16.893746154124234, 11);
});

test("causal, with the gradients of ½ Σ y²", () => {
  const half = (at: AttentionWeights): Tensor => {
    const y = attention(at, x, { heads: 2, isCausal: true });
    return y.mul(y).sum().mul(0.5);
  };
  const [loss, slopes] = jit(valueAndGrad(half))(weights) as [Tensor, AttentionWeights];
  expect(loss.item()).toBeCloseTo(26.035088191683126 / 2, 11);
  close(slopes.query.weights.slice(0), [0.06861189164600308, 0.01209109345178577, 0.15490267922758308, -0.2543310755573009]); // prettier-ignore
  close(slopes.key.weights.slice(1), [0.017013311388223918, 0.08465114085678012, -0.6345620250189846, 0.27280578645916465]); // prettier-ignore
  close(slopes.value.weights.slice(2), [0.575072006060175, 5.7853185722497695, -10.840516188901287, 7.480168423460344]); // prettier-ignore
  close(slopes.output.weights.slice(3), [1.260791887255098, -9.003144685128264, 10.274546233212108, -2.461584030148579]); // prettier-ignore
  close(slopes.query.bias, [0.08554691289932198, -0.2542696752907907, -0.5569839528956776, -1.3458704604634841]); // prettier-ignore
});

test("a causal position does not depend on later ones", () => {
  const own = initAttention(random.key(1), { features: 4, dtype: "float64" });
  const later = x.add(np.array([0, 0, 1], f64).reshape([1, 3, 1]));
  const [a, b] = [x, later].map((of) => attention(own, of, { heads: 4, isCausal: true }));
  expect([...a!.slice([], [0, 2]).data]).toEqual([...b!.slice([], [0, 2]).data]);
  expect(tree.flatten(a)).not.toEqual(tree.flatten(b));
});

test("shapes and heads that do not fit are named", () => {
  expect(() => attention(weights, x.slice(0))).toThrow("attention: x must be [batch, time, 4], got");
  expect(() => attention(weights, x, { heads: 3 })).toThrow(OptionError);
});

test("embeddings are rows of their table; an index of no entry is an error, and NaN in a trace", () => {
  const layer = initEmbedding(random.key(0), { entries: 3, features: 2 });
  const at = (indices: number[]): Tensor => np.array([indices], { dtype: "int32" });
  const y = plainLayers.embedding(layer, at([2, 0]));
  expect(y.shape).toEqual([1, 2, 2]);
  expect([...y.data]).toEqual([...layer.table.slice(2).data, ...layer.table.slice(0).data]);
  expect(() => plainLayers.embedding(layer, at([3]))).toThrow(/layers\.embedding: label 0 of the indices must be a class from 0 to 2, got 3/); // prettier-ignore
  const traced = jit((indices: Tensor) => plainLayers.embedding(layer, indices))(at([1, 3]));
  expect([...traced.data].map(Number.isNaN)).toEqual([false, false, true, true]);
});

/** Posterior draws: the linear map T from y and z to the draw has T Tᵀ = Λ⁻¹ (Benzing, ICML 2022, appendix C). */
import { expect, test } from "vitest";
import { type Layers, type Tensor, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { expectClose, numbers } from "../testing.ts";
import { networkObjective } from "../objective/objective.ts";
import { blockMatrices, columnMatrix, fisherColumns } from "./fisherColumns.ts";
import { type LaplaceOptions, laplaceMove, laplaceSample } from "./laplaceSample.ts";
import { gaussianLikelihood } from "./likelihoods.ts";
import { convObjective, convTheta, f64 } from "./testing.ts";

const key = random.key(3);
const columns = fisherColumns(convObjective(5).network!, convTheta, { fisher: "full", key });
const size = tree.size(convTheta);
const { blocks } = columns.registration;

/** A tree like theta in one vector, in the order of the rows of G. */
const vector = (like: unknown): Tensor =>
  np.concatenate(
    blockMatrices(blocks, like).map((matrix) => matrix.reshape([-1])),
    0,
  );

/** `values` in the structure of theta. */
function shaped(values: Tensor): typeof convTheta {
  let offset = 0;
  return tree.map((leaf) => {
    offset += leaf.size;
    return values.slice([offset - leaf.size, offset]).reshape([...leaf.shape]);
  }, convTheta);
}

const precisions = shaped(np.arange(size).astype("float64").mul(0.1).add(0.5));
const cases: [string, LaplaceOptions["priorPrecision"], Tensor][] = [
  ["one prior precision", 2, np.ones([size], f64).mul(2)],
  ["a prior precision for each parameter", precisions, vector(precisions)],
];

test.each(cases)(
  "the covariance of draws is the inverse of Λ₀ + D F: %s",
  (_name, priorPrecision, diagonal) => {
    const options = { priorPrecision, dataPoints: 50 };
    const move = compiled("laplaceMove", (y: Tensor, z: Tensor) =>
      vector(laplaceMove(columns, { parameters: shaped(y), columns: z }, options)),
    );
    const count = 10;
    const units = np.eye(size + count).astype("float64");
    const map = np.stack(
      Array.from({ length: size + count }, (_, i) => move(units.slice(i, [0, size]), units.slice(i, [size]))),
    );
    const covariance = np.matmul(np.transpose(map), map);
    const g = np.concatenate(columns.layers.map(columnMatrix), 1);
    const precision = np.matmul(np.transpose(g), g).mul(50).add(np.eye(size).astype("float64").mul(diagonal));
    expectClose(np.matmul(precision, covariance), numbers(np.eye(size)), 1e-10);
  },
);

test("columns of a network with tied weights are refused: they would lack one of the uses", () => {
  const weights = np.array([[1, 2], [3, 4]], { dtype: "float64" }); // prettier-ignore
  const tied = networkObjective({
    network: (at: { weights: Tensor }, x: Tensor, layers: Layers) =>
      np.matmul(np.tanh(layers.dense(at, x)), at.weights.transpose()),
    likelihood: gaussianLikelihood,
    inputs: weights,
    targets: weights,
  });
  expect(() => fisherColumns(tied.network!, { weights }, { fisher: "full", key })).toThrow(
    '"weights" is in a layer and is used outside of one too',
  );
});

test("draws of another size are refused by name", () => {
  const options = { priorPrecision: 1, dataPoints: 1 };
  const draws = { parameters: convTheta, columns: np.zeros([3], f64) };
  expect(() => laplaceMove(columns, draws, options)).toThrow(/draws\.columns must be \[10\], one number for/);
  const fitting = { ...draws, columns: np.zeros([10], f64) };
  expect(() => laplaceMove(columns, fitting, { ...options, dataPoints: 0 })).toThrow(/dataPoints/);
});

test("a draw is around theta, with independent numbers for each leaf", () => {
  const options = { priorPrecision: 1e20, dataPoints: 1 };
  const draw = laplaceSample(key, columns, convTheta, options);
  expectClose(draw, numbers(convTheta), 1e-8);
  const wide = laplaceSample(key, columns, convTheta, { ...options, priorPrecision: 1 });
  expect(new Set(numbers(tree.map((x, at) => x.sub(at), wide, convTheta))).size).toBe(size);
});

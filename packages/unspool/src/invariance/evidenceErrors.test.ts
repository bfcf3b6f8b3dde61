/** What an evidence is refused for: section 7 of the method's description. */
import { describe, expect, test } from "vitest";
import { type Layers, type Tensor, lax, np, random, tree } from "../array/index.ts";
import { type Layer, applyMlp, initMlp } from "../networks/index.ts";
import { categoricalLogits, gaussianLikelihood } from "../optimizers/index.ts";
import type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
import { laplaceEvidence } from "./laplaceEvidence.ts";
import { rotation2d } from "./rotation2d.ts";

const network = (theta: Layer[], x: Tensor, layers: Layers): Tensor => applyMlp(theta, x, layers, np.tanh);
const theta = initMlp(random.key(0), [2, 4, 3]);
const data = {
  inputs: random.normal(random.key(1), [5, 2]),
  targets: np.array([0, 1, 2, 1, 0], { dtype: "int32" }),
};
const logDelta = tree.scalar(0, "float64");
const evidence = (given: Partial<LaplaceEvidenceOptions<Layer[]>> = {}) =>
  laplaceEvidence({ network, likelihood: categoricalLogits, ...given });

test("a network whose examples depend on each other", () => {
  const normalised = (layers: Layer[], x: Tensor, on: Layers): Tensor =>
    network(layers, x.sub(x.mean(0)).div(np.sqrt(np.var(x, 0)).add(1e-3)), on);
  expect(() => evidence({ network: normalised }).fit(theta, data)).toThrow(
    /examples one by one.*batch normalisation/,
  );
});

test("a parameter outside of the layers is named", () => {
  type Scaled = { layers: Layer[]; scale: Tensor };
  const scaled = laplaceEvidence({
    network: ({ layers, scale }: Scaled, x: Tensor, on: Layers) => network(layers, x.mul(scale), on),
    likelihood: categoricalLogits,
  });
  expect(() => scaled.fit({ layers: theta, scale: np.ones([2]) }, data)).toThrow(
    /all of whose parameters belong to layers.*"scale" does not/,
  );
});

const doubles = (layers: Layer[]): Layer[] => tree.astype(layers, "float64");

test.each<[string, string, (p: Layer[], x: Tensor, on: Layers) => Tensor]>([
  [
    "tied weights",
    "0.weights",
    (p, x, on) => np.matmul(np.tanh(applyMlp(p, x, on)), p[0]!.weights.transpose()),
  ],
  ["a bias that is added once more", "0.bias", (p, x, on) => applyMlp(p, x, on).add(p[0]!.bias)],
  [
    "a scaled output",
    "0.weights",
    (p, x, on) => applyMlp(p, x, on).mul(np.exp(p[0]!.weights.mul(p[0]!.weights).sum())),
  ],
])("a parameter that is used outside of its layer too: %s", (_, path, tied) => {
  const small = doubles(initMlp(random.key(0), [2, 3]));
  for (const structure of ["full", "kron", "diag"] as const) {
    const own = laplaceEvidence({ network: tied, likelihood: gaussianLikelihood, structure });
    const inputs = data.inputs.astype("float64");
    expect(() => own.fit(small, { inputs, targets: np.zeros([5, 3]) })).toThrow(
      `"${path}" is in a layer and is used outside of one too`,
    );
  }
});

test("a layer that the evidence has no rule for is named", () => {
  const scaled = ({ scale }: { scale: Tensor }, x: Tensor, on: Layers): Tensor =>
    on.scaleShift({ scale }, x).sum(1, { keepdims: true });
  const own = laplaceEvidence({ network: scaled, likelihood: gaussianLikelihood });
  const theta = { scale: np.ones([2], { dtype: "float64" }) };
  const inputs = data.inputs.astype("float64");
  expect(() => own.fit(theta, { inputs, targets: np.zeros([5, 1]) })).toThrow(
    'one of dense layers and convolutions; "scale" is in a layer of another kind',
  );
});

test("a layer that is used twice, and constants made of parameters, are no use outside of layers", () => {
  const twice = (p: Layer[], x: Tensor, on: Layers): Tensor => {
    const hidden = np.tanh(on.dense(p[0]!, on.dense(p[0]!, x)));
    return hidden.add(lax.stopGradient(p[0]!.weights) as Tensor).sum(1, { keepdims: true });
  };
  const square = doubles(initMlp(random.key(0), [1, 1]));
  const own = laplaceEvidence({ network: twice, likelihood: gaussianLikelihood });
  const inputs = data.inputs.astype("float64").slice([], [0, 1]);
  expect(() => own.fit(square, { inputs, targets: np.zeros([5, 1]) })).not.toThrow();
});

test("data that is not finite: of which layer's what the eigenvalues were wanted", () => {
  const inputs = np.where(data.inputs.greater(10), data.inputs, NaN) as Tensor;
  expect(() => evidence().fit(theta, { ...data, inputs })).toThrow(
    /element 0, 0 of the second moments of a layer's inputs .* \[2, 2\] is NaN/,
  );
});

test("a full matrix of more than 2000 parameters", () => {
  const large = initMlp(random.key(0), [2, 400, 3]);
  expect(() => evidence({ structure: "full" }).fit(large, data)).toThrow(
    'structure "full" makes a matrix of parameters by parameters, which is for up to 2000, got 2403',
  );
});

test("labels of no class, and other numbers of examples", () => {
  const wrong = { ...data, targets: np.array([0, 1, 3, 1, 0], { dtype: "int32" }) };
  expect(() => evidence().fit(theta, wrong)).toThrow("3");
  expect(() => evidence().fit(theta, { ...data, targets: data.targets.slice([0, 4]) })).toThrow(
    "inputs and targets must be of the same examples",
  );
});

test("ranges that are missing, and a prior of another shape", () => {
  const turned = evidence({ augmentation: rotation2d() });
  expect(() => turned.fit(theta, data)).toThrow("the ranges of rotation2d, [1] (rotation)");
  expect(() =>
    evidence()
      .fit(theta, data)
      .logMarginal(np.zeros([2])),
  ).toThrow('logDelta must be [] for the prior "scalar"');
  expect(() => evidence({ priorStructure: "layer" }).fit(theta, data).logMarginal(logDelta)).toThrow(
    'logDelta must be [4] for the prior "layer"',
  );
});

test("options that do not go together", () => {
  expect(() => evidence({ priorStructure: "diag" })).toThrow("no common eigenvectors");
  expect(() => evidence({ structure: "krone" as "kron" })).toThrow('Did you mean "kron"?');
  expect(() => evidence().fit(theta, data).logMarginal(logDelta, logDelta)).toThrow(
    "Only Gaussian noise has a deviation",
  );
});

describe("an evidence that is not finite says which of its terms is not", () => {
  test.each([
    ["log-likelihood", (x: Tensor) => x.mul(NaN), logDelta],
    ["log determinant of the posterior precision", (x: Tensor) => x, tree.scalar(-1e6, "float64")],
    ["scatter", (x: Tensor) => x.mul(1e30), tree.scalar(705, "float64")],
  ])("%s", (term, change, at) => {
    const linear = laplaceEvidence({
      network: ({ weights }: { weights: Tensor }, x: Tensor, layers: Layers) => layers.dense({ weights }, x),
      likelihood: gaussianLikelihood,
      structure: "diag",
    });
    const weights = change(np.array([[1], [2]], { dtype: "float64" }));
    const targets = np.zeros([5, 1], { dtype: "float64" });
    const fitted = linear.fit({ weights }, { inputs: data.inputs.astype("float64"), targets });
    expect(() => fitted.logMarginal(at, tree.scalar(0, "float64"))).toThrow(`the ${term}`);
  });
});

describe("a regression", () => {
  const linear = ({ weights }: { weights: Tensor }, x: Tensor, on: Layers) => on.dense({ weights }, x);
  const own = laplaceEvidence({ network: linear, likelihood: gaussianLikelihood });
  const at = { weights: np.array([[1], [2]], { dtype: "float64" }) };
  const numbers = { inputs: data.inputs.astype("float64"), targets: np.zeros([5, 1], { dtype: "float64" }) };
  test("needs its noise, which was 1 without a word", () => {
    const fitted = own.fit(at, numbers);
    expect(() => fitted.logMarginal(logDelta)).toThrow("laplaceEvidence: logSigma must be a tensor for the likelihood gaussian"); // prettier-ignore
    expect(() => fitted.terms(logDelta)).toThrow("logSigma must be");
    expect(() => fitted.contract(logDelta)).toThrow("logSigma must be");
    expect(() => fitted.logMarginal(0.3 as never, logDelta)).toThrow(
      /logDelta must be a tensor, .* got 0.3\. .*tree.scalar/,
    );
  });
  test("keeps the digits of its data where hyperparameters are float32", () => {
    const fitted = own.fit(at, numbers);
    const [wide, narrow] = (["float64", "float32"] as const).map((dtype) =>
      fitted.logMarginal(tree.scalar(0.5, dtype), tree.scalar(0.25, dtype)),
    );
    expect(narrow!.dtype).toBe("float64");
    expect(narrow!.item()).toBe(wide!.item());
  });
});

/** Networks for tests of curvature methods, in float64. Numbers: Benzing (ICML 2022), by an implementation in numpy. */
import { type Layers, type Tensor, np, random } from "../../array/index.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { type Likelihood, categoricalLogits, gaussianLikelihood } from "./likelihoods.ts";

export const f64 = { dtype: "float64" } as const;
export const rows = (values: number[][]): Tensor => np.array(values, f64);
export const labels = (values: number[]): Tensor => np.array(values, { dtype: "int32" });

/** The transpose of a paper's matrix [outputs, inputs]. */
export const turned = (values: number[][]): Tensor => np.transpose(rows(values));

export interface TinyTheta {
  first: Tensor;
  second: Tensor;
}

/** 3-2-3 with tanh, softmax, no bias. */
export const tinyTheta: TinyTheta = {
  first: turned([[0.5, -0.3, 0.2], [0.1, 0.4, -0.6]]), // prettier-ignore
  second: turned([[1, -1], [0.5, 0.25], [-0.75, 0.5]]), // prettier-ignore
};

/** Categories whose draws are these labels. */
export const drawing = (drawn: number[]): Likelihood => ({
  ...categoricalLogits,
  sample: () => labels(drawn),
});

const tinyInputs = rows([[1, 0, -1], [0.5, 2, 1], [-1, 1, 0], [2, -0.5, 0.3]]); // prettier-ignore

/** Four examples, for which the model "draws" 1, 2, 0, 0; inputs times a factor. */
export function scaledTiny(factor: number | Tensor): Objective<TinyTheta> {
  return networkObjective({
    network: (theta: TinyTheta, x, layers) =>
      layers.dense({ weights: theta.second }, np.tanh(layers.dense({ weights: theta.first }, x))),
    likelihood: drawing([1, 2, 0, 0]),
    inputs: tinyInputs.mul(factor),
    targets: labels([0, 2, 1, 0]),
  });
}

export const tinyObjective: Objective<TinyTheta> = scaledTiny(1);

export interface ConvTheta {
  kernel: Tensor;
  shift: Tensor;
  out: { weights: Tensor; bias: Tensor };
}

/** A convolution at 4 positions and a dense layer, with biases: 28 parameters. */
export const convTheta: ConvTheta = {
  kernel: normal("kernel", [2, 1, 2, 2]),
  shift: normal("shift", [2]),
  out: { weights: normal("weights", [8, 2]), bias: normal("bias", [2]) },
};

export function convObjective(examples: number): Objective<ConvTheta> {
  const network = (theta: ConvTheta, x: Tensor, layers: Layers): Tensor => {
    const seen = layers.convolution({ kernel: theta.kernel, bias: theta.shift }, x, { stride: 2 });
    return layers.dense(theta.out, np.tanh(seen).reshape([examples, 8]));
  };
  return networkObjective({
    network,
    likelihood: gaussianLikelihood,
    inputs: normal("inputs", [examples, 1, 4, 4]),
    targets: normal("targets", [examples, 2]),
  });
}

export function normal(name: string, shape: number[]): Tensor {
  return random.normal(random.foldIn(random.key(0), name), shape, f64);
}

/** Networks for tests of curvature methods, in float64. Numbers: Benzing (ICML 2022), by an implementation in numpy. */
import { type Layers, type Tensor, jacobian, np, plainLayers, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
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

/** Dense F over all parameters, in the order of leaves: mean over examples of Jᵀ F_R J. */
export function denseFisher<T>(of: Objective<T>, at: T): Tensor {
  const network = of.network!;
  const run = compiled("fisher", (now: T) => {
    const outputs = network.outputs(now, plainLayers);
    const at = (v: Tensor): T => {
      let offset = 0;
      const cut = (leaf: Tensor): Tensor => v.slice([offset, (offset += leaf.size)]).reshape([...leaf.shape]);
      return tree.map(cut, now);
    };
    const vector = np.concatenate(
      tree.leaves(now).map((leaf) => leaf.reshape([-1])),
      0,
    );
    const rows = jacobian((v: Tensor) => network.outputs(at(v), plainLayers))(vector);
    const units = np.eye(outputs.shape[1]!).astype("float64");
    const half = np.stack(
      Array.from({ length: outputs.shape[1]! }, (_, k) =>
        network.likelihood.fisherFactor(outputs, np.zerosLike(outputs).add(units.slice(k))),
      ),
    );
    // [draws, batch, parameters].
    const g = np.einsum("dbn,bnp->dbp", half, rows);
    const all = g.reshape([-1, g.shape[2]!]);
    return np.matmul(np.transpose(all), all).div(outputs.shape[0]!);
  });
  return run(at);
}

/**
 * The diagonal of the curvature of an averaged function, from the same rank-reduced gradients as the Kronecker factors, so that
 * nothing of examples times parameters is made for a dense layer:
 *
 *     Σ_n Σ_c (ā ∘ ā)(ḡ ∘ ḡ)ᵀ,   log det(h H + P) - log det P = Σ log(1 + h d / p)
 */
import { type Tensor, np, tree } from "../array/index.ts";
import {
  type CurvatureStructure,
  type LayerPrecision,
  type LayerSample,
  averagedInputs,
  summedErrors,
} from "./curvatureStructure.ts";

export type DiagLayer = {
  /** [inputs, outputs]. */
  weights: Tensor;
  /** [outputs]. */
  bias?: Tensor;
};

export function diagStructure(): CurvatureStructure<DiagLayer[], DiagLayer[], DiagLayer[]> {
  return {
    name: "diag",
    measure: (samples) => samples.map(diagonalOf),
    combine: (parts) => parts.reduce((sum, part) => sum.map((layer, i) => tree.add(layer, part[i]!))),
    spectrum: (curvature) => curvature,
    logDetRatio(spectrum, { scale, layers }) {
      return tree.total(
        spectrum.flatMap(({ weights, bias }, i) => {
          const at = layers[i]!;
          const ratio = (d: Tensor, precision: Tensor): Tensor => np.log1p(d.mul(scale).div(precision)).sum();
          return [ratio(weights, at.weights), ...(bias === undefined ? [] : [ratio(bias, at.bias!)])];
        }),
      );
    },
    contract: (spectrum, { scale, layers }) => spectrum.map((own, i) => slopes(own, layers[i]!, scale)),
    inner: (contraction, samples) =>
      tree.total(
        samples.flatMap((sample, i) => {
          const [own, by] = [diagonalOf(sample), contraction[i]!];
          const weights = own.weights.mul(by.weights).sum();
          return own.bias === undefined ? [weights] : [weights, own.bias.mul(by.bias!).sum()];
        }),
      ),
  };
}

function slopes({ weights, bias }: DiagLayer, at: LayerPrecision, scale: Tensor): DiagLayer {
  const slope = (d: Tensor, precision: Tensor): Tensor => scale.div(d.mul(scale).add(precision));
  return {
    weights: slope(weights, at.weights),
    ...(bias !== undefined && { bias: slope(bias, at.bias!) }),
  };
}

function diagonalOf(sample: LayerSample): DiagLayer {
  const [a, g] = [averagedInputs(sample), summedErrors(sample)];
  const [count, positions, inputs] = a.shape as [number, number, number];
  const [columns, , , outputs] = g.shape as [number, number, number, number];
  const ofBias = g.sum(2);
  const bias = sample.block.biasPath === undefined ? {} : { bias: ofBias.mul(ofBias).sum([0, 1]) };
  if (positions === 1) {
    const [rows, errors] = [a.reshape([count, inputs]), g.reshape([columns, count, outputs])];
    const weights = np.matmul(np.transpose(rows.mul(rows)), errors.mul(errors).sum(0));
    return { weights, ...bias };
  }
  const gradients = np.matmul(np.swapaxes(a, 1, 2), g);
  return { weights: gradients.mul(gradients).sum([0, 1]), ...bias };
}

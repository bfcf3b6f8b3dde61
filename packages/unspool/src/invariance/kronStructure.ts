/**
 * Kronecker-factored curvature of an averaged function (Immer et al. 2022, their key step). The gradient of a layer is
 * Σ_s a_s g_sᵀ over copies s; it is approximated by (1/S Σ_s a_s)(Σ_s g_s)ᵀ, inputs averaged and derivatives summed. With ā and
 * ḡ of examples n, columns c of the likelihood's curvature and T positions:
 *
 *     A = 1/N Σ_n Σ_t ā āᵀ,   B = 1/T Σ_n Σ_c Σ_t ḡ ḡᵀ,   H = A ⊗ B;   of the bias, exactly, Σ_n Σ_c (Σ_t ḡ)(Σ_t ḡ)ᵀ
 *     log det(h H + δ) - log det δ = Σ_ij log(1 + h λ^A_j λ^B_i / δ)
 *
 * Where a layer has more inputs than there are examples, A is kept as its rows ā / √N, and its spectrum is that of their
 * Gram matrix; the eigenvalues that are missing are 0 and have no part in the ratio.
 */
import { type Tensor, np, tree } from "../array/index.ts";
import { compiled } from "../unroll/index.ts";
import {
  type CurvatureStructure,
  type LayerPrecision,
  type LayerSample,
  averagedInputs,
  summedErrors,
} from "./curvatureStructure.ts";
import { type Spectral, spectrumOf } from "./spectrumOf.ts";

/** Factors of one layer; A as either `inputs` or `rows`. */
export type KronFactors = {
  /** A, [inputs, inputs]. */
  inputs?: Tensor;
  /** ā / √N, [N · positions, inputs], with A = rowsᵀ rows. */
  rows?: Tensor;
  /** B, [outputs, outputs]. */
  outputs: Tensor;
  /** Of the bias, [outputs, outputs], where it is not B itself. */
  bias?: Tensor;
};

export type KronSpectrum = {
  /** Where A is kept as rows, vectors [N · positions, inputs], and 0 for an eigenvalue that is. */
  inputs: Spectral;
  outputs: Spectral;
  bias?: Spectral;
};

/** d log det / dA as `inputs`, or as base · I + Σ_j weights_j v_j v_jᵀ; d log det / dB and by the factor of the bias. */
export type KronContraction = {
  inputs?: Tensor;
  base?: Tensor;
  weights?: Tensor;
  vectors?: Tensor;
  outputs: Tensor;
  bias?: Tensor;
};

export interface KronOptions {
  /** Whether wide layers are kept as rows. Parts of batches drawn anew do not add up then. Default true. */
  gram?: boolean;
}

export function kronStructure({ gram = true }: KronOptions = {}): CurvatureStructure<
  KronFactors[],
  KronSpectrum[],
  KronContraction[]
> {
  return {
    name: "kron",
    measure: (samples, examples) => samples.map((sample) => factorsOf(sample, examples, gram)),
    combine: (parts) => parts[0]!.map((_, i) => combined(parts.map((part) => part[i]!))),
    spectrum: (curvature) => curvature.map(spectrumOfFactors),
    logDetRatio: (spectrum, at) =>
      tree.total(spectrum.map((own, i) => logDetRatio(own, at.layers[i]!, at.scale))),
    contract: (spectrum, at) => spectrum.map((own, i) => contraction(own, at.layers[i]!, at.scale)),
    inner: (contractions, samples, examples) =>
      tree.total(samples.map((sample, i) => inner(contractions[i]!, sample, examples))),
  };
}

function factorsOf(sample: LayerSample, examples: number, gram: boolean): KronFactors {
  const [a, g] = [averagedInputs(sample), summedErrors(sample)];
  const [positions, size] = [a.shape[1]!, a.shape[2]!];
  const rows = a.reshape([-1, size]);
  const isWide = gram && size > examples * positions;
  const hasOwnBias = sample.block.biasPath !== undefined && positions > 1;
  return {
    ...(isWide
      ? { rows: rows.div(Math.sqrt(examples)) }
      : { inputs: np.matmul(np.transpose(rows), rows).div(examples) }),
    outputs: moment(g).div(positions),
    ...(hasOwnBias && { bias: moment(g.sum(2)) }),
  };
}

/** Σ x xᵀ over all axes but the last. */
function moment(x: Tensor): Tensor {
  const flat = x.reshape([-1, x.shape.at(-1)!]);
  return np.matmul(np.transpose(flat), flat);
}

function combined(parts: readonly KronFactors[]): KronFactors {
  const [first] = parts as [KronFactors, ...KronFactors[]];
  if (parts.length === 1) return first;
  const of = (name: keyof KronFactors): Tensor[] => parts.map((part) => part[name]!);
  return {
    outputs: tree.total(of("outputs")),
    ...(first.inputs !== undefined && { inputs: tree.total(of("inputs")) }),
    ...(first.rows !== undefined && { rows: np.concatenate(of("rows"), 0) }),
    ...(first.bias !== undefined && { bias: tree.total(of("bias")) }),
  };
}

const gramOf = compiled("gram matrix", (rows: Tensor) => np.matmul(rows, np.transpose(rows)));
const spanned = compiled("vectors of a gram matrix", (vectors: Tensor, rows: Tensor) =>
  np.matmul(vectors, rows),
);

const inputMoments = "the second moments of a layer's inputs (data, or what the layers before make of it)";

function spectrumOfFactors({ inputs, rows, outputs, bias }: KronFactors): KronSpectrum {
  return {
    inputs: rows === undefined ? spectrumOf(inputs!, inputMoments) : spectrumOfRows(rows),
    outputs: spectrumOf(outputs, "the second moments of the derivatives by a layer's outputs"),
    ...(bias !== undefined && { bias: spectrumOf(bias, "the second moments of the derivatives by a bias") }),
  };
}

/** Eigenvalues below this share of the largest are rounding, and their vectors directions of nothing. */
const negligible = 1e-7;

/** Of rowsᵀ rows: values are those of rows rowsᵀ, and v = rowsᵀ u / √λ. */
function spectrumOfRows(rows: Tensor): Spectral {
  const isOutside = !rows.isTraced;
  const { values, vectors } = spectrumOf(
    isOutside ? gramOf(rows) : np.matmul(rows, np.transpose(rows)),
    inputMoments,
  );
  const largest = values.slice(values.shape[0]! - 1);
  const isSome = values.greater(largest.mul(negligible));
  const scales = np.where(isSome, np.array(1, { dtype: values.dtype }).div(np.sqrt(values)), 0);
  const scaled = (vectors.mul(scales.reshape([-1, 1])) as Tensor).astype(rows.dtype);
  return {
    values: np.where(isSome, values, np.zerosLike(values)),
    vectors: isOutside ? spanned(scaled, rows) : np.matmul(scaled, rows),
  };
}

function logDetRatio(
  { inputs, outputs, bias = outputs }: KronSpectrum,
  at: LayerPrecision,
  scale: Tensor,
): Tensor {
  const scaled = outputs.values.mul(scale).div(at.weights).reshape([-1, 1]);
  const weights = np.log1p(scaled.mul(inputs.values)).sum();
  return at.bias === undefined ? weights : weights.add(np.log1p(bias.values.mul(scale).div(at.bias)).sum());
}

function contraction(spectrum: KronSpectrum, at: LayerPrecision, scale: Tensor): KronContraction {
  const { inputs, outputs, bias = outputs } = spectrum;
  const [byInputs, byOutputs] = [inputs.values, outputs.values.reshape([-1, 1])];
  // h / (h λ^A λ^B + δ), [outputs, inputs].
  const inverse = scale.div(byOutputs.mul(byInputs).mul(scale).add(at.weights));
  const [c, e] = [inverse.mul(byInputs).sum(1), inverse.mul(byOutputs).sum(0)];
  const ofBias =
    at.bias === undefined ? undefined : rebuilt(bias, scale.div(bias.values.mul(scale).add(at.bias)));
  const ofOutputs = rebuilt(outputs, c);
  const hasOwnBias = spectrum.bias !== undefined && ofBias !== undefined;
  return {
    outputs: ofBias === undefined || hasOwnBias ? ofOutputs : ofOutputs.add(ofBias),
    ...(hasOwnBias && { bias: ofBias }),
    ...byVectors(inputs, e, byOutputs.sum().mul(scale).div(at.weights)),
  };
}

/** `base` belongs to the eigenvalue 0 of all directions that are not among the vectors. */
function byVectors(inputs: Spectral, e: Tensor, base: Tensor): Partial<KronContraction> {
  const [count, size] = inputs.vectors.shape as [number, number];
  if (count >= size) return { inputs: rebuilt(inputs, e) };
  return { base, weights: e.sub(base), vectors: inputs.vectors };
}

/** Σ_i c_i v_i v_iᵀ. */
function rebuilt({ vectors }: Spectral, c: Tensor): Tensor {
  return np.matmul(np.transpose(vectors), vectors.mul(c.reshape([-1, 1])));
}

function inner(contractions: KronContraction, sample: LayerSample, examples: number): Tensor {
  const [a, g] = [averagedInputs(sample), summedErrors(sample)];
  const rows = a.reshape([-1, a.shape[2]!]);
  const ofOutputs = quadratic(g, contractions.outputs).div(a.shape[1]!);
  const ofBias = contractions.bias === undefined ? [] : [quadratic(g.sum(2), contractions.bias)];
  const { inputs, base, weights, vectors } = contractions;
  if (inputs !== undefined) return tree.total([ofOutputs, ...ofBias, quadratic(rows, inputs).div(examples)]);
  const along = np.matmul(rows, np.transpose(vectors!));
  const ofInputs = rows.mul(rows).sum().mul(base!).add(along.mul(along).mul(weights!).sum());
  return tree.total([ofOutputs, ...ofBias, ofInputs.div(examples)]);
}

/** Σ xᵀ G x over all axes but the last. */
function quadratic(x: Tensor, matrix: Tensor): Tensor {
  const flat = x.reshape([-1, x.shape.at(-1)!]);
  return np.matmul(flat, matrix).mul(flat).sum();
}

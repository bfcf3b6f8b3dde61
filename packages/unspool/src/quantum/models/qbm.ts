/**
 * Quantum Boltzmann machines, the exponential family of given Hamiltonians:
 *
 *     ρ = exp(-K) / Z,   K = Σ_j θ_j H_j,     ∂_j log Z = -⟨H_j⟩,     g_jk = ∂_j ∂_k log Z,
 *     g_jk = Σ_ab c(p_a, p_b) (H_j)_ab (H_k)_ba - ⟨H_j⟩⟨H_k⟩     in the eigenbasis of K.
 */
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions } from "../../errors.ts";
import { type HermitianMatrix, eigh } from "../hermitian/index.ts";
import { formOf, inEigenbasis, pairOf } from "../hermitian/matrixFunction.ts";
import { matrixProduct } from "../hermitian/matrixProduct.ts";
import { requireHermitian } from "../hermitian/requireHermitian.ts";
import { startDeviation } from "./energyModel.ts";
import { gibbsEigen, gibbsState, logarithmicMeans } from "./gibbsState.ts";
import { type QuantumModel, requireQubits } from "./quantumModel.ts";

export interface QbmOptions {
  /** H_j [D, D], Hermitian: as `pauliSum` or `tfimTerms` make them. */
  terms: readonly HermitianMatrix[];
}

export interface QbmTheta {
  /** θ_j [terms]. */
  coefficients: Tensor;
}

/**
 * The exponential family of `terms`. Throws `OptionError` for terms that are not Hermitian, and for more than 8 qubits. Cost:
 * an eigensystem of 2D rows for a state (of D where all terms are real), and terms² D² for the metric.
 *
 * @example
 * const { coupling, field } = tfimTerms({ qubits: 4 });
 * const model = qbm({ terms: [coupling, field] });
 */
export function qbm(options: QbmOptions): QuantumModel<QbmTheta> {
  requireKnownOptions("qbm", options, ["terms"]);
  if (!Array.isArray(options.terms) || options.terms.length === 0)
    throw new OptionError("qbm", "terms", options.terms, "a list of Hermitian matrices");
  const size = (options.terms as readonly HermitianMatrix[])[0]?.re?.shape[0] ?? 0;
  const qubits = Math.log2(size);
  if (!Number.isInteger(qubits) || qubits < 1)
    throw new ShapeError("qbm", `terms[0].re must be [D, D] with D a power of two of at least 2, got ${size} rows.`); // prettier-ignore
  requireQubits("qbm", qubits, () => 4 * (options.terms.length + 6));
  const terms = options.terms.map((term, j) => requireHermitian("qbm", `terms[${j}]`, term, size));
  const copies = terms.every(({ im }) => im === undefined) ? 1 : 2;
  const n = copies * size;
  const forms = np.stack(terms.map((term) => formOf(term, copies).reshape([n * n])));

  const modularForm = ({ coefficients }: QbmTheta): Tensor => {
    if (coefficients.ndim !== 1 || coefficients.shape[0] !== terms.length)
      throw new ShapeError("qbm", `theta.coefficients must be [${terms.length}], one for each term, got ${coefficients.toString()}.`); // prettier-ignore
    return (np.matmul(coefficients.astype("float64"), forms) as Tensor).reshape([n, n]);
  };
  /** tr[A B] of two real forms; where one has both parts, the family's terms are real and only its real part counts. */
  const traceOf = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum().div(copies);
  const pairForm = (x: Tensor): HermitianMatrix => (copies === 1 ? { re: x } : pairOf(x, copies));
  const eigen = (theta: QbmTheta) => gibbsEigen(modularForm(theta), copies);

  return {
    name: "qbm",
    qubits,
    recipe: { qubits, terms: terms.length },
    init: (key) => ({
      coefficients: random.normal(key, [terms.length], { dtype: "float64" }).mul(startDeviation),
    }),
    probabilities: (theta) => (np.exp(eigen(theta).logP) as Tensor).reshape([size, copies]).mean(1) as Tensor,
    logZ: (theta) => gibbsState(modularForm(theta), copies).logZ,
    unitary: (theta) => eigh(pairForm(modularForm(theta))).vectors,
    state: (theta) => pairOf(gibbsState(modularForm(theta), copies).state, copies),
    modular: (theta) => pairOf(modularForm(theta), copies),
    freeEnergy(theta, hamiltonian) {
      const k = modularForm(theta);
      const { state, logZ } = gibbsState(k, copies);
      return traceOf(state, formOf(hamiltonian, copies).sub(k)).sub(logZ);
    },
    crossEntropy(theta, sigma) {
      const k = modularForm(theta);
      return traceOf(formOf(sigma, copies), k).add(gibbsState(k, copies).logZ);
    },
    metric(theta, frequencies) {
      if (frequencies !== undefined)
        throw new OptionError("qbm", "frequencies", frequencies, "left out: its state has no bitstrings that are drawn"); // prettier-ignore
      const { logP, vectors } = eigen(theta);
      const inside = Array.from({ length: terms.length }, (_, j) =>
        inEigenbasis(vectors, forms.slice(j).reshape([n, n])),
      );
      const rows = np.stack(inside.map((x) => x.reshape([n * n])));
      const weighted = rows.mul(logarithmicMeans(logP).reshape([n * n]));
      const p = np.exp(logP) as Tensor;
      const means = np.stack(inside.map((x) => (np.diagonal(x) as Tensor).mul(p).sum().div(copies)));
      const outer = means.reshape([terms.length, 1]).mul(means);
      return matrixProduct(weighted, np.transpose(rows) as Tensor)
        .div(copies)
        .sub(outer);
    },
    blocks: () => [terms.length],
    flatten: ({ coefficients }) => coefficients.astype("float64"),
    unflatten: (vector, { coefficients }) => ({ coefficients: vector.astype(coefficients.dtype) }),
  };
}

/**
 * Inverses of approximate Fisher information, made from Kronecker factors and applied to gradients. Blocks are
 * Ā ⊗ G; a gradient V [inputs, outputs] goes to Ā⁻¹ V G⁻¹ (Martens and Grosse 2015, 4.2; their matrices are transposed).
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";
import { allFinite } from "../leaves.ts";
import { eigenbasis, inversePositive, shifted, solveKronecker, traceRatio } from "./factors.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import { leftProduct, rightProduct, shapeOf, traceOf, transposeOf } from "./diagonalMatrix.ts";
import { type KfacRule, diagonalsOf } from "./kfacOptions.ts";
import type { Factors } from "./dampedFactors.ts";
import { conditionNumber, isNone } from "./precision.ts";
import type { BlockFactors, BlockInverse, KfacState } from "./kfacState.ts";
import { applyTridiagonal, emptyNeighbour, neighbourInverse } from "./kfacTridiagonal.ts";

type ByName<T> = { readonly [block: string]: T };

/** Zeros in the place of what `buildInverses` makes. */
export function emptyInverse(
  rule: KfacRule,
  block: LayerBlock,
  next: LayerBlock | undefined,
  dtype: "float32" | "float64",
): BlockInverse {
  const { inputs, outputs } = block;
  const none = (...shape: number[]): Tensor => np.zeros(shape, { dtype });
  const isDiagonal = diagonalsOf(rule, block);
  const matrices = {
    inputs: none(...shapeOf(inputs, isDiagonal.inputs)),
    outputs: none(...shapeOf(outputs, isDiagonal.outputs)),
  };
  if (rule.eigenbasis === "none") {
    const conditions = { inputsCondition: none(), outputsCondition: none() };
    if (rule.structure === "block" || next === undefined) return { ...matrices, ...conditions };
    return { ...matrices, ...conditions, ...emptyNeighbour({ inputs, outputs }, next, none) };
  }
  const vectors = { inputVectors: matrices.inputs, outputVectors: matrices.outputs };
  if (rule.eigenbasis === "ekfac") return vectors;
  return { ...vectors, ...matrices, inputValues: none(inputs), outputValues: none(outputs) };
}

/**
 * Inverses, or eigenbases, of all blocks; all 0 for a block where they are not finite, which then stands still. γ damps
 * inverses only; eigenbases are damped where they are applied.
 */
export function buildInverses(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  factors: ByName<BlockFactors>,
  gamma: Tensor,
): ByName<BlockInverse> {
  const built = builtInverses(rule, blocks, factors, asType(gamma, tree.floatType(factors)));
  return Object.fromEntries(
    Object.entries(built).map(([name, inverse]) => {
      const isSound = allFinite(inverse);
      return [name, tree.select(isSound, inverse, tree.map(np.zerosLike, inverse))];
    }),
  );
}

/** By block, whether its inverse is the 0 that stands for one that could not be computed: bool scalars. */
export function frozenBlocks(blocks: readonly LayerBlock[], inverses: ByName<BlockInverse>): Tensor[] {
  return blocks.map(({ name }) => isNone(inverses[name]!));
}

/**
 * By block, the condition number of what was inverted: of its damped factors the larger one; of a block that is damped in an
 * eigenbasis, with λ + l2, its own. 0 for a block that stands still.
 */
export function conditionsOf(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  { factors, inverses }: Pick<KfacState, "factors" | "inverses">,
  damping: Tensor,
): Tensor[] {
  return blocks.map(({ name }) => {
    const { inputsCondition, outputsCondition, inputValues, outputValues } = inverses[name]!;
    if (rule.eigenbasis === "none") return np.maximum(inputsCondition!, outputsCondition!) as Tensor;
    const of = (end: "max" | "min"): Tensor =>
      rule.eigenbasis === "ekfac"
        ? factors[name]!.scale![end]()
        : inputValues![end]().mul(outputValues![end]());
    const condition = of("max").add(damping).div(of("min").add(damping));
    return np.where(isNone(inverses[name]!), np.zerosLike(condition), condition) as Tensor;
  });
}

function builtInverses(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  factors: ByName<BlockFactors>,
  gamma: Tensor,
): ByName<BlockInverse> {
  const names = blocks.map(({ name }) => name);
  if (rule.eigenbasis !== "none")
    return Object.fromEntries(names.map((name) => [name, basisOf(rule, factors[name]!)]));
  const damped = blocks.map(({ name, form }) => dampedFactors(rule.pi, factors[name]!, gamma, form));
  return Object.fromEntries(
    names.map((name, i) => {
      const [own, next] = [damped[i]!, damped[i + 1]];
      if (rule.structure === "tridiagonal" && next !== undefined)
        return [name, withConditions(own, neighbourInverse(factors[name]!, own, next))];
      const inverse = { inputs: inversePositive(own.inputs), outputs: inversePositive(own.outputs) };
      return [name, withConditions(own, inverse)];
    }),
  );
}

function withConditions(damped: Factors, inverse: BlockInverse): BlockInverse {
  return {
    ...inverse,
    inputsCondition: conditionNumber(damped.inputs, inverse["inputs"]!),
    outputsCondition: conditionNumber(damped.outputs, inverse["outputs"]!),
  };
}

/** Of a block, the rows that its gradient is a product of: gradient = inputsᵀ errors / batch. */
export interface GradientRows {
  /** [batch, positions, inputs]. */
  readonly inputs: Tensor;
  /** [batch, positions, outputs]. */
  readonly errors: Tensor;
  readonly batch: number;
}

/** Ā⁻¹ V G⁻¹ = (𝒜 Ā⁻¹)ᵀ (𝒢 G⁻¹) / batch, where that is fewer operations than from V [inputs, outputs] (4.2). */
function lowRankProduct(inverse: BlockInverse, { inputs, errors, batch }: GradientRows): Tensor | undefined {
  const [m, n] = [inputs.shape[2]!, errors.shape[2]!];
  const rows = inputs.shape[0]! * inputs.shape[1]!;
  if (rows * (m * m + n * n + m * n) >= m * n * (m + n)) return undefined;
  const left = rightProduct(inputs.reshape([rows, m]), inverse["inputs"]!);
  const right = rightProduct(errors.reshape([rows, n]), inverse["outputs"]!);
  return np.matmul(np.transpose(left), right).div(batch);
}

/** The gradient matrices of the blocks under the inverse. `damping` is λ + l2; `rows` where the low-rank way may be gone. */
export function applyInverses(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  state: Pick<KfacState, "factors" | "inverses">,
  damping: Tensor,
  given: readonly Tensor[],
  rows?: readonly GradientRows[],
): Tensor[] {
  const dtype = tree.floatType(state.inverses);
  const gradients = given.map((gradient) => asType(gradient, dtype));
  const cast = rows?.map(({ inputs, errors, batch }) => ({
    ...{ inputs: asType(inputs, dtype), errors: asType(errors, dtype), batch },
  }));
  const solved = inverted(rule, blocks, state, damping, gradients, cast);
  return solved.map((x, i) => asType(x, given[i]!.dtype));
}

/** The same in the dtype of the inverses. */
function inverted(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  state: Pick<KfacState, "factors" | "inverses">,
  damping: Tensor,
  gradients: readonly Tensor[],
  rows?: readonly GradientRows[],
): Tensor[] {
  const inverses = blocks.map(({ name }) => state.inverses[name]!);
  if (rule.structure === "tridiagonal") return applyTridiagonal(inverses, gradients);
  return gradients.map((gradient, i) => {
    const inverse = inverses[i]!;
    const short = rows === undefined ? undefined : lowRankProduct(inverse, rows[i]!);
    if (short !== undefined) return short;
    if (rule.eigenbasis === "none")
      return rightProduct(leftProduct(inverse.inputs!, gradient), inverse.outputs!);
    const { inputVectors, outputVectors } = inverse;
    if (rule.eigenbasis === "exact") {
      const bases = {
        inputs: { vectors: inputVectors!, values: inverse.inputValues! },
        outputs: { vectors: outputVectors!, values: inverse.outputValues! },
      };
      return solveKronecker({ inputs: inverse.inputs!, outputs: inverse.outputs! }, bases, damping, gradient);
    }
    const scale = state.factors[blocks[i]!.name]!.scale!.add(damping);
    const turned = inBasis(gradient, inputVectors!, outputVectors!).div(scale);
    return rightProduct(leftProduct(inputVectors!, turned), transposeOf(outputVectors!));
  });
}

/** U_Aᵀ V U_G. */
export function inBasis(matrix: Tensor, inputVectors: Tensor, outputVectors: Tensor): Tensor {
  return rightProduct(leftProduct(transposeOf(inputVectors), matrix), outputVectors);
}

/**
 * Ā + π γ I and G + γ/π I, with π = 1 where a factor is 0 and its trace says nothing (6.3). A block of gradients is its
 * second factor and gets γ² I itself.
 */
export function dampedFactors(
  pi: KfacRule["pi"],
  { inputs, outputs }: Pick<BlockFactors, "inputs" | "outputs">,
  gamma: Tensor,
  form: LayerBlock["form"] = "matrix",
): { inputs: Tensor; outputs: Tensor } {
  if (form === "gradients") return { inputs, outputs: shifted(outputs, gamma.mul(gamma)) };
  if (pi === "even") return { inputs: shifted(inputs, gamma), outputs: shifted(outputs, gamma) };
  const isDead = np.minimum(traceOf(inputs), traceOf(outputs)).lessEqual(0);
  const ratio = np.where(isDead, np.onesLike(gamma), traceRatio(inputs, outputs));
  return { inputs: shifted(inputs, ratio.mul(gamma)), outputs: shifted(outputs, gamma.div(ratio)) };
}

/** Eigenvectors are computed in float64, and count as constants in derivatives. */
function basisOf({ eigenbasis: kind }: KfacRule, { inputs, outputs }: BlockFactors): BlockInverse {
  const [input, output] = [inputs, outputs].map((matrix) => {
    const { vectors, values } = eigenbasis(asType(matrix, "float64"));
    return { vectors: asType(vectors, matrix.dtype), values: asType(values, matrix.dtype) };
  });
  const vectors = { inputVectors: input!.vectors, outputVectors: output!.vectors };
  if (kind === "ekfac") return vectors;
  return { ...vectors, inputs, outputs, inputValues: input!.values, outputValues: output!.values };
}

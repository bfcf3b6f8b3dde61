/** The statistics of K-FAC: second moments on a batch, and their running means (Martens and Grosse 2015, sections 3 and 5). */
import { type Key, type Tensor, grad, np, plainLayers, random, tree, vmap } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";
import { advance } from "../leaves.ts";
import type { NetworkView } from "../objective/objective.ts";
import { secondMoment } from "./factors.ts";
import { outputUnits } from "./fisherErrors.ts";
import { rightProduct } from "./diagonalMatrix.ts";
import { type FisherEstimate, type KfacRule, diagonalsOf } from "./kfacOptions.ts";
import type { BlockFactors, KfacState } from "./kfacState.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import type { LayerTaps } from "./layerTaps.ts";

/** Inputs of layers, and derivatives at their outputs whose second moment is that of the Fisher information. */
export interface Samples {
  /** Rows of the network's outputs, of which losses and moments are means: one for each example, or several. */
  readonly batch: number;
  /** By block, [batch, positions, inputs]. */
  readonly inputs: readonly Tensor[];
  /** By block, [draws · batch, positions, outputs]: sum over draws, mean over the batch. */
  readonly errors: readonly Tensor[];
}

/** Taps of the examples that statistics are taken of: all, or a part of the batch that begins at random. */
export function partOf<Theta>(
  network: NetworkView<Theta>,
  theta: Theta,
  key: Key,
  part: number,
): NetworkView<Theta> {
  if (part === 1) return network;
  if (network.rows === undefined) {
    const hint = "Its network has no `rows`; make the objective with networkObjective.";
    throw new OptionError("kfac", "statisticsPart and modelPart", part, "1 for this objective", hint);
  }
  const batch = network.batch ?? network.targets.shape[0]!;
  const first = random.randint(key, [], 0, batch);
  const rows = np.arange(Math.max(1, Math.round(part * batch))).astype("int32");
  return network.rows(rows.add(first).mod(tree.scalar(batch, "int32")));
}

/** Draws samples at taps. */
export function drawSamples<Theta>(
  fisher: FisherEstimate,
  network: NetworkView<Theta>,
  taps: LayerTaps<Theta>,
  key: Key,
): Samples {
  const { likelihood } = network;
  const { outputs, inputs } = taps;
  const batch = outputs.shape[0]!;
  const along = (r: Tensor): Tensor[] => taps.errorsAlong(likelihood.fisherFactor(outputs, r));
  const errorsOf: Record<FisherEstimate, () => readonly Tensor[]> = {
    empirical: () => taps.errors,
    mc: () => taps.errorsFor(likelihood.sample(key, outputs)),
    cprop: () => along(random.rademacher(key, outputs.shape).astype(outputs.dtype)),
    full: () => {
      const all = vmap(along)(outputUnits(network, outputs));
      return all.map((errors) => errors.reshape([-1, ...errors.shape.slice(2)]));
    },
  };
  return { batch, inputs, errors: errorsOf[fisher]() };
}

/** Second moments of samples, block by block. */
export function factorsOf(rule: KfacRule, blocks: readonly LayerBlock[], samples: Samples): BlockFactors[] {
  const { batch, inputs, errors } = samples;
  const pair = (left: Tensor, right: Tensor): Tensor =>
    np
      .matmul(np.transpose(left.reshape([-1, left.shape.at(-1)!])), right.reshape([-1, right.shape.at(-1)!]))
      .div(batch);
  return blocks.map((block, i) => {
    const isDiagonal = diagonalsOf(rule, block);
    const isReduced = rule.sharing === "reduce" && block.positions > 1;
    const rows = isReduced ? inputs[i]!.mean(1, { keepdims: true }) : inputs[i]!;
    const slopes = isReduced ? errors[i]!.sum(1, { keepdims: true }) : errors[i]!;
    const hasNext = rule.structure === "tridiagonal" && i + 1 < blocks.length;
    return {
      inputs: secondMoment(rows, isDiagonal.inputs).div(rows.shape[1]!),
      outputs: secondMoment(slopes, isDiagonal.outputs).mul(slopes.shape[0]! / batch),
      ...(hasNext && {
        nextInputs: pair(inputs[i]!, inputs[i + 1]!),
        nextOutputs: pair(errors[i]!, errors[i + 1]!),
      }),
    };
  });
}

/** The samples in the dtype of the state's factors. */
function inTypeOf({ factors }: KfacState, { batch, inputs, errors }: Samples): Samples {
  const dtype = tree.floatType(factors);
  const cast = (all: readonly Tensor[]): Tensor[] => all.map((x) => asType(x, dtype));
  return { batch, inputs: cast(inputs), errors: cast(errors) };
}

/** State with the samples in its running means: kept is min(1 - 1/k, statisticsDecay). */
export function withSamples(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  state: KfacState,
  samples: Samples,
): KfacState {
  const statistics = advance(state.statistics);
  const mix = keeping(rule.statisticsDecay, statistics);
  const fresh = factorsOf(rule, blocks, inTypeOf(state, samples));
  const factors = blocks.map(({ name }, i): [string, BlockFactors] => {
    const { scale, ...old } = state.factors[name]!;
    return [name, { ...tree.map(mix, old, fresh[i]!), ...(scale && { scale }) }];
  });
  return { ...state, statistics, factors: Object.fromEntries(factors) };
}

/** State with EKFAC's second moments in the bases of its inverses; they start again where the bases are new. */
export function withScales(
  rule: KfacRule,
  blocks: readonly LayerBlock[],
  state: KfacState,
  samples: Samples,
): KfacState {
  const scaleStatistics = advance(state.scaleStatistics);
  const mix = keeping(rule.statisticsDecay, scaleStatistics);
  const factors = blocks.map(({ name }, i): [string, BlockFactors] => {
    const block = state.factors[name]!;
    const { inputVectors, outputVectors } = state.inverses[name]!;
    const fresh = scaleOf(inTypeOf(state, samples), i, inputVectors!, outputVectors!);
    return [name, { ...block, scale: mix(block.scale!, fresh) }];
  });
  return { ...state, scaleStatistics, factors: Object.fromEntries(factors) };
}

/** E[(U_Aᵀ ∇W U_G)²] over examples, [inputs, outputs]. */
function scaleOf({ batch, inputs, errors }: Samples, i: number, inputVectors: Tensor, outputVectors: Tensor) {
  const draws = errors[i]!.shape[0]! / inputs[i]!.shape[0]!;
  const turned = np.tile(rightProduct(inputs[i]!, inputVectors), [draws, 1, 1]);
  const slopes = rightProduct(errors[i]!, outputVectors);
  const square = (x: Tensor): Tensor => x.mul(x);
  if (inputs[i]!.shape[1] === 1)
    return np.matmul(np.transpose(square(turned).slice([], 0)), square(slopes).slice([], 0)).div(batch);
  return square(np.einsum("npi,npo->nio", turned, slopes))
    .sum(0)
    .div(batch);
}

/**
 * Diagonals of the Fisher information of leaves in no layer: squares of one gradient of the batch along F_R^½ r for
 * random signs r, whose cross terms vanish in the mean.
 */
export function withDiagonals<Theta>(
  rule: KfacRule,
  network: NetworkView<Theta>,
  theta: Theta,
  state: KfacState,
  key: Key,
): KfacState {
  const paths = Object.keys(state.diagonals);
  if (paths.length === 0) return state;
  const { likelihood } = network;
  const outputs = network.outputs(theta, plainLayers);
  const signs = random.rademacher(key, outputs.shape).astype(outputs.dtype);
  const cotangent = likelihood.fisherFactor(outputs, signs);
  const slopes = new Map(
    tree.entries(grad((at: Theta) => network.outputs(at, plainLayers).mul(cotangent).sum())(theta)),
  );
  // After `withSamples`, which counted this batch.
  const mix = keeping(rule.statisticsDecay, state.statistics);
  const diagonals = paths.map((path) => {
    const slope = slopes.get(path)!;
    return [path, mix(state.diagonals[path]!, slope.mul(slope).div(outputs.shape[0]!))];
  });
  return { ...state, diagonals: Object.fromEntries(diagonals) as KfacState["diagonals"] };
}

/** The running mean that keeps min(1 - 1/k, most) of the old value at its k-th estimate. */
export function keeping(most: number, count: Tensor): (old: Tensor, fresh: Tensor) => Tensor {
  return (old, fresh) => {
    const dtype = old.dtype === "float64" ? "float64" : "float32";
    const rest = np.maximum(np.reciprocal(count.astype(dtype)), tree.scalar(1 - most, dtype));
    return old.add(fresh.sub(old).mul(rest));
  };
}

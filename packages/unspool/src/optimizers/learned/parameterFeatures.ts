/**
 * What `smallFc` and `star` share: running means of the gradient of every parameter with decays that are learned, 28
 * features made of them, and the network that turns features into outputs. Metz et al. 2022, Harrison et al. 2022.
 */
import { type Key, type Tensor, type Tensors, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { oneMinus } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { learnedDecays, learnedSquareDecays, noOffsets, requireDecays } from "./decays.ts";
import { type SquareFactors, factorViews, initFactors, updateFactors } from "./factoredSquares.ts";
import {
  type GradientScales,
  initGradientScales,
  scaledGradient,
  updateGradientScales,
} from "./gradientScales.ts";
import { type NetworkLayer, initLayers } from "./learnedOptimizer.ts";
import { normalised, perParameterNetwork, timeFeatureCount, timeFeatures } from "./perParameterNetwork.ts";

export interface FeatureOptions {
  /** Decays of momenta, from which learning starts. Default [0.9,0.99,0.999]. */
  momentumDecays?: readonly number[];
  /** Decay of squared gradients. Default 0.999. */
  squareDecay?: number;
  /** Decays of factored squares, as many as of momenta. Default [0.9,0.99,0.999]. */
  factoredDecays?: readonly number[];
  /** Units per hidden layer. Default 4. */
  hiddenUnits?: number;
  /** Hidden layers of the network. Default 2. */
  hiddenLayers?: number;
  /**
   * Whether each tensor's gradient is first divided by its running root mean square, as in NovoGrad, so that the scale of
   * the loss does not matter. Default false.
   */
  isScaleFree?: boolean;
}

export const featureDefaults: Required<FeatureOptions> = {
  momentumDecays: [0.9, 0.99, 0.999],
  squareDecay: 0.999,
  factoredDecays: [0.9, 0.99, 0.999],
  hiddenUnits: 4,
  hiddenLayers: 2,
  isScaleFree: false,
};

/** Parameters of the optimizer: offsets of decays [n], and the network. */
export type ParameterMeta = {
  momentumDecays: Tensor;
  squareDecay: Tensor;
  factoredDecays: Tensor;
  layers: NetworkLayer[];
  /** Layers of the network at every tensor, where there is one. */
  control?: NetworkLayer[];
};

export type ParameterState = {
  /** Updates so far: int32 scalar. */
  step: Tensor;
  /** One tree like theta per decay. */
  momenta: Tree[];
  squares: Tree;
  /** Factors of each floating-point leaf by its path, one record per decay. */
  factors: Record<string, SquareFactorsTree>[];
  /** Mean squares of the gradient by path of the tensor; only where it is scale-free. */
  gradientScales?: GradientScales;
};
type SquareFactorsTree = { row: Tensor; column?: Tensor };

/** Everything about one leaf after this step's gradient was counted in. */
export interface ParameterView {
  parameter: Tensor;
  gradient: Tensor;
  momenta: readonly Tensor[];
  /** (v + 1e-6)^(-1/2) of the mean of squares v. */
  scale: Tensor;
  /** Features of the step's number, the same for all leaves: [11]. */
  time: Tensor;
}

/** What the outputs of the network mean for one leaf: p ← keep · p - step. */
export interface ParameterStep {
  step: Tensor;
  /** Default: 1. */
  keep?: Tensor;
}

export function initMeta(key: Key, rule: Required<FeatureOptions>, outputs: number): ParameterMeta {
  const { momentumDecays, squareDecay, factoredDecays } = rule;
  return {
    momentumDecays: noOffsets(momentumDecays),
    squareDecay: noOffsets([squareDecay]),
    factoredDecays: noOffsets(factoredDecays),
    layers: initLayers(key, networkSizes(rule, outputs)),
  };
}

/** Inputs, hidden layers and outputs of the network. */
export function networkSizes(rule: Required<FeatureOptions>, outputs: number): number[] {
  const inputs = featureCount(rule.momentumDecays.length) + timeFeatureCount;
  return [inputs, ...Array.from({ length: rule.hiddenLayers }, () => rule.hiddenUnits), outputs];
}

/** Features of one parameter for so many decays. */
const featureCount = (decays: number): number => 4 + 8 * decays;

export function requireFeatureOptions(where: string, rule: Required<FeatureOptions>): void {
  const { momentumDecays, squareDecay, factoredDecays, hiddenUnits, hiddenLayers } = rule;
  requireDecays(where, "momentumDecays", momentumDecays);
  requireDecays(where, "squareDecay", [squareDecay]);
  requireDecays(where, "factoredDecays", factoredDecays);
  requireInteger(where, "hiddenUnits", hiddenUnits, 1);
  requireInteger(where, "hiddenLayers", hiddenLayers, 1);
  if (momentumDecays.length !== factoredDecays.length) {
    const allowed = `as many decays as momentumDecays has (${momentumDecays.length})`;
    throw new OptionError(where, "factoredDecays", factoredDecays, allowed, "The two are paired.");
  }
}

/** The optimizer with parameters `meta`, whose step at a leaf is made of the network's outputs there by `stepOf`. */
export function learnedFromFeatures(
  name: string,
  rule: Required<FeatureOptions>,
  meta: ParameterMeta | Tensors<ParameterMeta>,
  stepOf: (view: ParameterView, outputs: readonly Tensor[]) => ParameterStep,
): Optimizer<ParameterState & Skipping> {
  const { layers } = meta as ParameterMeta;
  const momentumDecays = learnedDecays(rule.momentumDecays, meta.momentumDecays);
  const squareDecay = learnedSquareDecays([rule.squareDecay], meta.squareDecay)[0]!;
  const factoredDecays = learnedSquareDecays(rule.factoredDecays, meta.factoredDecays);
  const free: Optimizer<ParameterState> = {
    name,
    init(theta) {
      const floats = tree.entries(theta).filter(([, leaf]) => isFloatLeaf(leaf));
      return {
        step: counter(),
        momenta: rule.momentumDecays.map(() => zeros(theta)),
        squares: zeros(theta),
        factors: rule.factoredDecays.map(() =>
          Object.fromEntries(floats.map(([path, leaf]) => [path, initFactors(leaf)])),
        ),
        ...(rule.isScaleFree && { gradientScales: initGradientScales(theta) }),
      };
    },
    update(given, state, theta) {
      requireGradient(name, theta, given, state);
      const scales =
        state.gradientScales === undefined ? undefined : updateGradientScales(state.gradientScales, given);
      const gradient = scales === undefined ? given : scaledGradient(scales, given);
      const momenta = state.momenta.map((momentum, i) =>
        moved(momentum, gradient, momentumDecays[i]!, false),
      );
      const squares = moved(state.squares, gradient, squareDecay, true);
      const gradients = new Map(tree.entries(gradient));
      const factors = state.factors.map((byPath, i) =>
        Object.fromEntries(
          Object.entries(byPath).map(([path, factor]) => [
            path,
            updateFactors(factor, gradients.get(path)!, factoredDecays[i]!),
          ]),
        ),
      );
      const time = timeFeatures(state.step, tree.floatType(meta));
      const [atMomenta, atSquares] = [
        momenta.map((m) => new Map(tree.entries(m))),
        new Map(tree.entries(squares)),
      ];
      const next = tree.mapWithPath((path, parameter) => {
        if (!isFloatLeaf(parameter)) return parameter;
        const view: ParameterView = {
          parameter,
          gradient: gradients.get(path)!,
          momenta: atMomenta.map((m) => m.get(path)!),
          scale: inverseRoot(atSquares.get(path)!, 1e-6),
          time,
        };
        const features = featuresOf(
          view,
          atSquares.get(path)!,
          factors.map((byPath) => byPath[path]!),
        );
        const outputs = perParameterNetwork(layers, features.map(normalised), time);
        const { step, keep } = stepOf(view, outputs);
        return (keep === undefined ? parameter : parameter.mul(keep)).sub(step);
      }, theta);
      const kept = { step: advance(state.step), momenta, squares, factors };
      return { theta: next, state: scales === undefined ? kept : { ...kept, gradientScales: scales } };
    },
  };
  return skipOverflow(free, { isSummed: true });
}

function moved(mean: Tree, gradient: unknown, decay: Tensor, isSquared: boolean): Tree {
  const keep = oneMinus(decay);
  return mapFloats((m, g) => m.mul(decay).add((isSquared ? g!.mul(g!) : g!).mul(keep)), mean, gradient);
}

function inverseRoot(x: Tensor, eps: number): Tensor {
  return np.reciprocal(np.sqrt(x.add(eps)));
}

/** The 28 features (for three decays) in the order of the authors' code. */
function featuresOf(view: ParameterView, squares: Tensor, factors: readonly SquareFactors[]): Tensor[] {
  const { parameter, gradient, momenta, scale } = view;
  const views = factors.map((factor) => factorViews(factor, parameter.shape));
  const whole = (x: Tensor): Tensor =>
    x.ndim === 0 || x.size === parameter.size ? x : x.add(np.zerosLike(parameter));
  return [
    gradient,
    parameter,
    ...momenta,
    squares,
    ...momenta.map((m) => m.mul(scale)),
    scale,
    ...views.map(({ precondition }) => precondition(gradient, 1e-9)),
    ...views.map(({ row }) => whole(row)),
    ...views.map(({ column }) => whole(column)),
    ...views.map(({ row }) => whole(inverseRoot(row, 1e-8))),
    ...views.map(({ column }) => whole(inverseRoot(column, 1e-8))),
    ...momenta.map((m, i) => views[i]!.precondition(m, 1e-6)),
  ];
}

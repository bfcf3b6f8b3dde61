/**
 * The hierarchical learned optimizer: an LSTM per tensor watches statistics and the loss and speaks to a small network
 * at every parameter, which speaks back (Metz, Maheswaranathan, Freeman, Poole & Sohl-Dickstein, arXiv 2009.11243,
 * 2020).
 *
 *     g ← clip(g, ±10 s),   s: running mean of the size of clipped gradients
 *     m_i ← β_i m_i + (1 - β_i) g,   v_i ← β_i v_i + (1 - β_i) g²,   q_i = (v_i + 1e-6)^(-1/2)
 *     h ← LSTM(statistics of m, v, p, g, losses, means of what networks and LSTMs said a step ago)
 *     (d, a, words) = MLP(g, p, log |p|, m, m q, v, q, sin(t / (π τ)), sizes, A h)
 *     p ← p - stepMultiplier · d · exp(expMultiplier · a)
 */
import { type Key, type Tensor, type Tree, np, random, tree } from "../../array/index.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import { requireDecays } from "./decays.ts";
import {
  type LearnedOptimizer,
  type NetworkLayer,
  initLayers,
  networkMultiplications,
} from "./learnedOptimizer.ts";
import { type LossMeter, emptyLossMeter, readLoss } from "./lossMeter.ts";
import { type LstmMemory, initLstmLayer, lstmStep } from "./lstm.ts";
import { normalised, perParameterNetwork, waveFeatures } from "./perParameterNetwork.ts";
import { scaledStep } from "./smallFc.ts";
import { smoothNorm, tensorStatistics } from "./tensorStatistics.ts";

export interface RnnMlpLoptOptions {
  /** Decays of momenta and of squared gradients. Default [0.5,0.9,0.99,0.999,0.9999]. */
  decays?: readonly number[];
  /** Scale of the exponent a. Default 0.001. */
  expMultiplier?: number;
  /** Scale of the step d. Default 0.001. */
  stepMultiplier?: number;
}

export const rnnMlpLoptDefaults: Required<RnnMlpLoptOptions> = {
  decays: [0.5, 0.9, 0.99, 0.999, 0.9999],
  expMultiplier: 0.001,
  stepMultiplier: 0.001,
};

const lstmUnits = 64;
const networkUnits = 32;
/** What a network says to its LSTM, LSTMs to each other, and an LSTM to its networks. */
const [wordsUp, wordsAcross, wordsDown] = [16, 18, 17];
const statisticCount = 18;

export type RnnMlpMeta = {
  lstm: NetworkLayer;
  across: NetworkLayer;
  down: NetworkLayer;
  layers: NetworkLayer[];
  /** What there is before the first step. */
  memory: LstmMemory;
  up: Tensor;
  shared: Tensor;
};

type TensorMemory = { memory: LstmMemory; up: Tensor };

export type RnnMlpState = {
  /** Updates so far: int32 scalar. */
  step: Tensor;
  /** One tree like theta per decay. */
  momenta: Tree[];
  squares: Tree[];
  /** Of each floating-point leaf by its path. */
  tensors: Record<string, TensorMemory>;
  /** Mean over tensors of what their LSTMs said. */
  shared: Tensor;
  /** Running mean of the size of gradients, and the sum of its weights. */
  clip: { scale: Tensor; weight: Tensor };
  losses: LossMeter;
};

/**
 * The learned optimizer of most memory, which also sees the loss: `update` needs its fourth argument. Cost: 10 numbers
 * of state and 3,328 multiplications per parameter; the LSTM runs once per tensor.
 */
export function rnnMlpLopt(options: RnnMlpLoptOptions = {}): LearnedOptimizer<RnnMlpMeta, RnnMlpState> {
  const rule = withDefaults("rnnMlpLopt", options, rnnMlpLoptDefaults);
  const { decays } = rule;
  requireDecays("rnnMlpLopt", "decays", decays);
  // Gradient, parameter and its size, and four kinds of means; waves, three sizes, and the LSTM's words.
  const own = 3 + 4 * decays.length;
  const sizes = [own + 11 + 3 + wordsDown, networkUnits, networkUnits, 2 + wordsUp];
  return {
    name: "rnnMlpLopt",
    multiplications: networkMultiplications(sizes),
    init: (key) => initMeta(key, sizes),
    optimizer: (given) => {
      const meta = given as RnnMlpMeta;
      return {
        name: "rnnMlpLopt",
        usesLoss: true,
        init(theta) {
          const dtype = tree.floatType(theta);
          const floats = tree.entries(theta).filter(([, leaf]) => isFloatLeaf(leaf));
          const { memory, up } = meta;
          return {
            step: counter(),
            momenta: decays.map(() => zeros(theta)),
            squares: decays.map(() => zeros(theta)),
            tensors: Object.fromEntries(floats.map(([path]) => [path, { memory, up }])),
            shared: meta.shared,
            clip: { scale: tree.scalar(0.01, dtype), weight: tree.scalar(0.01, dtype) },
            losses: emptyLossMeter(dtype),
          };
        },
        update(given, state, theta, observed) {
          requireGradient("rnnMlpLopt", theta, given);
          const { meter: losses, features } = readLoss("rnnMlpLopt", state.losses, observed);
          const { gradient, clip } = clipped(given, state.clip);
          const moved = (means: Tree[], isSquared: boolean): Tree[] =>
            means.map((mean, i) =>
              mapFloats(
                (m, g) => m.mul(decays[i]!).add((isSquared ? g.mul(g) : g).mul(1 - decays[i]!)),
                mean,
                gradient,
              ),
            );
          const [momenta, squares] = [moved(state.momenta, false), moved(state.squares, true)];
          const leafOf = (means: readonly Tree[]) => means.map((mean) => new Map(tree.entries(mean)));
          const [atGradient, atMomenta, atSquares] = [
            leafOf([gradient as Tree]),
            leafOf(momenta),
            leafOf(squares),
          ];
          const tensors: Record<string, TensorMemory> = {};
          const words: Tensor[] = [];
          const count = Object.keys(state.tensors).length;
          const waves = waveFeatures(state.step, tree.floatType(meta));
          const next = tree.mapWithPath((path, p) => {
            if (!isFloatLeaf(p)) return p;
            const before = state.tensors[path]!;
            const g = atGradient[0]!.get(path)!;
            const [ms, vs] = [atMomenta, atSquares].map((means) => means.map((mean) => mean.get(path)!)) as [
              Tensor[],
              Tensor[],
            ];
            const seen = tensorStatistics(p, g, ms, vs, features);
            const memory = lstmStep(
              meta.lstm,
              np.concatenate([seen, before.up, state.shared]),
              before.memory,
            );
            words.push(layer(meta.across, memory.hidden));
            const qs = vs.map((v) => np.reciprocal(np.sqrt(v.add(1e-6))));
            const scaled = ms.map((m, i) => m.mul(qs[i]!));
            const inputs = [g, p, np.log(np.abs(p).add(1e-8)), ...ms, ...scaled, ...vs, ...qs].map(
              normalised,
            );
            const norm = smoothNorm(p);
            const about = [Math.log(count) - 1, np.log(norm.add(1e-8)), Math.log(p.size)];
            const common = np.concatenate([
              waves,
              np.stack(about.map((x) => (typeof x === "number" ? tree.scalar(x, p.dtype) : x))),
              layer(meta.down, memory.hidden),
            ]);
            const [d, a, ...up] = perParameterNetwork(meta.layers, inputs, common) as [
              Tensor,
              Tensor,
              ...Tensor[],
            ];
            tensors[path] = { memory, up: np.stack(up.map((x) => x.mean())) };
            return p.sub(scaledStep(d, a, rule.stepMultiplier, rule.expMultiplier));
          }, theta);
          const shared = words.reduce((sum, x) => sum.add(x)).div(words.length);
          return {
            theta: next,
            state: { step: advance(state.step), momenta, squares, tensors, shared, clip, losses },
          };
        },
      };
    },
  };
}

function initMeta(key: Key, sizes: readonly number[]): RnnMlpMeta {
  const linear = (name: string, outputs: number): NetworkLayer =>
    initLayers(random.foldIn(key, name), [lstmUnits, outputs])[0]!;
  const inputs = statisticCount + wordsUp + wordsAcross;
  return {
    lstm: initLstmLayer(random.foldIn(key, "lstm"), inputs, lstmUnits),
    across: linear("across", wordsAcross),
    down: linear("down", wordsDown),
    layers: initLayers(random.foldIn(key, "network"), sizes),
    memory: { hidden: np.zeros([lstmUnits]), cell: np.zeros([lstmUnits]) },
    up: np.zeros([wordsUp]),
    shared: np.zeros([wordsAcross]),
  };
}

function layer({ weights, bias }: NetworkLayer, x: Tensor): Tensor {
  return np.matmul(x, weights).add(bias);
}

/** Elements within ten times their usual size, s / (1 - 0.99^n); s and n count from 0.01 and 1. */
function clipped<T>(
  gradient: T,
  { scale, weight }: RnnMlpState["clip"],
): { gradient: T; clip: RnnMlpState["clip"] } {
  const limit = scale.div(weight).mul(10);
  const squares: Tensor[] = [];
  const cut = mapFloats((g) => {
    const most = limit.astype(g.dtype);
    const kept = np.minimum(np.maximum(g, most.neg()), most);
    squares.push(kept.mul(kept).mean());
    return kept;
  }, gradient);
  const mean = squares.reduce((sum, x) => sum.add(x)).div(squares.length);
  const size = np.sqrt(mean.add(1e-8)).astype(scale.dtype);
  const towards = (from: Tensor, to: Tensor | number): Tensor =>
    from.mul(0.99).add(typeof to === "number" ? to * 0.01 : to.mul(0.01));
  return { gradient: cut, clip: { scale: towards(scale, size), weight: towards(weight, 1) } };
}

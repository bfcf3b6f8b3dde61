/**
 * A controller of Adam's hyperparameters: an LSTM per tensor watches statistics of gradients, moments and parameters,
 * and moves the learning rate, eps and both betas of that tensor (Metz et al., CoLLAs 2022, `nn_adam`).
 *
 *     m ← β1 m + (1 - β1) g,   v ← β2 v + (1 - β2) g²           (g cut at ±1000; not corrected for starting at 0)
 *     p ← p - lr (1 + eps) m / (eps + √(v + 1e-10))
 *     controls ← controls + 0.01 · LSTM(statistics, controls)
 *
 * Controls are kept as logarithms, 0.1 log lr, 0.1 log eps, 0.1 log(1 - β).
 */
import { type Key, type Tensor, type Tensors, type Tree, np, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { decayOf, oneMinus, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { LearnedOptimizer, NetworkLayer } from "./learnedOptimizer.ts";
import { type LstmMemory, initLstmLayer, lstmStep } from "./lstm.ts";

export interface NnAdamOptions {
  /** Learning rate at the start. Default 0.0001. */
  learningRate?: number;
  /** Part of the first moment that is kept, at the start. Default 0.9. */
  beta1?: number;
  /** Part of the second moment that is kept, at the start. Default 0.999. */
  beta2?: number;
  /** Added to the root, at the start. Default 1e-8. */
  eps?: number;
  /** Units of the LSTM. Default 32. */
  hiddenUnits?: number;
  /** Scale of what the LSTM adds to the controls. Default 0.01. */
  outputScale?: number;
  /** Share of the way back to the first controls that is gone at every step. Default 0. */
  pull?: number;
}

export const nnAdamDefaults: Required<NnAdamOptions> = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  hiddenUnits: 32,
  outputScale: 0.01,
  pull: 0,
};

export type NnAdamMeta = {
  lstm: NetworkLayer;
  /** LSTM to the four controls; zeros at the start. */
  output: NetworkLayer;
  memory: LstmMemory;
  /** [4]: learning rate, eps, β1, β2. */
  controls: Tensor;
};

/** Controls and memory of one tensor. */
type Control = { controls: Tensor; memory: LstmMemory };

export type NnAdamState = {
  /** Updates so far: int32 scalar. */
  step: Tensor;
  firstMoment: Tree;
  secondMoment: Tree;
  /** Of each floating-point leaf by its path. */
  tensors: Record<string, Control>;
};

const statisticCount = 19;
const largestGradient = 1000;

/** Adam that sets its own hyperparameters; untrained it is a fixed rule. Cost: two numbers of state per parameter, four passes; the LSTM runs once per tensor. */
export function nnAdam(options: NnAdamOptions = {}): LearnedOptimizer<NnAdamMeta, NnAdamState> {
  const rule = withDefaults("nnAdam", options, nnAdamDefaults);
  requireOptions(rule);
  return {
    name: "nnAdam",
    init: (key) => initMeta(rule, key),
    optimizer: (given) => {
      const meta = given as NnAdamMeta;
      return {
        name: "nnAdam",
        momentum: "firstMoment",
        init: (theta) => initState(meta, theta),
        update(gradient, state, theta) {
          requireGradient("nnAdam", theta, gradient, state);
          const cut = mapFloats((g) => np.clip(g, -largestGradient, largestGradient) as Tensor, gradient);
          const values = new Map(
            Object.entries(state.tensors).map(([path, { controls }]) => [path, hyperparameters(controls)]),
          );
          const firstMoment = moved(state.firstMoment, cut, (path) => values.get(path)!.beta1, false);
          const secondMoment = moved(state.secondMoment, cut, (path) => values.get(path)!.beta2, true);
          const [m, v, g] = [firstMoment, secondMoment, cut].map((leaves) => new Map(tree.entries(leaves)));
          const tensors: Record<string, Control> = {};
          const next = tree.mapWithPath((path, parameter) => {
            if (!isFloatLeaf(parameter)) return parameter;
            const seen = { parameter, gradient: g!.get(path)!, first: m!.get(path)!, second: v!.get(path)! };
            tensors[path] = controlled(rule, meta, state.tensors[path]!, seen);
            const { learningRate, eps } = values.get(path)!;
            const scale = learningRate.mul(eps.add(1)).div(np.sqrt(seen.second.add(1e-10)).add(eps));
            return parameter.sub(scale.mul(seen.first));
          }, theta);
          return { theta: next, state: { step: advance(state.step), firstMoment, secondMoment, tensors } };
        },
      };
    },
  };
}

function initMeta(rule: Required<NnAdamOptions>, key: Key): NnAdamMeta {
  const { hiddenUnits, learningRate, eps, beta1, beta2 } = rule;
  const controls = [learningRate, eps, 1 - beta1, 1 - beta2].map((x) => 0.1 * Math.log(x));
  const memory = { hidden: np.zeros([hiddenUnits]), cell: np.zeros([hiddenUnits]) };
  return {
    lstm: initLstmLayer(random.foldIn(key, "lstm"), statisticCount, hiddenUnits),
    output: { weights: np.zeros([hiddenUnits, 4]), bias: np.zeros([4]) },
    memory,
    controls: np.array(controls),
  };
}

function initState({ controls, memory }: NnAdamMeta, theta: unknown): NnAdamState {
  const floats = tree.entries(theta).filter(([, leaf]) => isFloatLeaf(leaf));
  return {
    step: counter(),
    firstMoment: zeros(theta),
    secondMoment: zeros(theta),
    tensors: Object.fromEntries(floats.map(([path]) => [path, { controls, memory }])),
  };
}

interface Hyperparameters {
  learningRate: Tensor;
  eps: Tensor;
  beta1: Tensor;
  beta2: Tensor;
}

/** Values of the controls, within what Adam can use. */
function hyperparameters(controls: Tensor): Hyperparameters {
  const raw = (i: number): Tensor => controls.slice(i).mul(10);
  const decay = (i: number): Tensor => decayOf(np.exp(np.clip(raw(i), -10, 0) as Tensor));
  return {
    learningRate: np.clip(np.exp(raw(0)), 1e-8, 1e3) as Tensor,
    eps: np.clip(np.exp(raw(1)), 1e-11, 1e4) as Tensor,
    beta1: decay(2),
    beta2: decay(3),
  };
}

/** Controls that are within those bounds. */
function projected(controls: Tensor): Tensor {
  const bounds = [[1e-8, 1e3].map(Math.log), [1e-11, 1e4].map(Math.log), [-10, 0], [-10, 0]] as [
    number,
    number,
  ][];
  return np.stack(bounds.map(([low, high], i) => np.clip(controls.slice(i), low / 10, high / 10) as Tensor));
}

interface Seen {
  parameter: Tensor;
  gradient: Tensor;
  first: Tensor;
  second: Tensor;
}

function controlled(rule: Required<NnAdamOptions>, meta: NnAdamMeta, control: Control, seen: Seen): Control {
  const memory = lstmStep(meta.lstm, statistics(seen, control.controls), control.memory);
  const change = np.matmul(memory.hidden, meta.output.weights).add(meta.output.bias).mul(rule.outputScale);
  const free = control.controls.add(change);
  const pulled = rule.pull === 0 ? free : free.sub(free.sub(meta.controls).mul(rule.pull));
  return { controls: projected(pulled), memory };
}

/** [19]: sizes and signs of means and variances, kind of the tensor, and the controls. */
function statistics({ parameter, gradient, first, second }: Seen, controls: Tensor): Tensor {
  const { ndim } = parameter;
  const mean = (x: Tensor): Tensor[] => [size(x.mean()), np.sign(x.mean())];
  const spread = (x: Tensor): Tensor => {
    const off = x.sub(x.mean());
    return size(off.mul(off).mean());
  };
  const flag = (is: boolean): Tensor => np.zerosLike(controls.slice(0)).add(is ? 1 : -1);
  const single = [
    ...[first, second, parameter, gradient].flatMap((x) => [...mean(x), spread(x)]),
    size(np.abs(gradient).mean()),
    flag(ndim === 0),
    flag(ndim === 1),
  ];
  return np.concatenate([np.stack(single), (np.clip(controls, -5, 5) as Tensor).mul(0.2)]);
}

/** Order of magnitude, half of log |x| within ±5. */
function size(x: Tensor): Tensor {
  return (np.clip(np.log(np.abs(x).add(1e-8)), -5, 5) as Tensor).mul(0.5);
}

function moved(mean: Tree, gradient: unknown, decayOf: (path: string) => Tensor, isSquared: boolean): Tree {
  const gradients = new Map(tree.entries(gradient as Tensors<unknown>));
  return tree.mapWithPath((path, m) => {
    if (!isFloatLeaf(m)) return m;
    const [g, decay] = [gradients.get(path)!, decayOf(path)];
    return m.mul(decay).add((isSquared ? g.mul(g) : g).mul(oneMinus(decay)));
  }, mean);
}

function requireOptions(rule: Required<NnAdamOptions>): void {
  const between = (name: keyof NnAdamOptions, low: number, high: number): void => {
    const value = rule[name];
    if (value >= low && value < high) return;
    throw new OptionError("nnAdam", name, value, `a number of at least ${low} and below ${high}`);
  };
  between("learningRate", 1e-8, 1e3);
  between("eps", 1e-11, 1e4);
  between("beta1", 0, 0.99995);
  between("beta2", 0, 0.99995);
  between("pull", 0, 1);
  between("outputScale", 0, Infinity);
  requireInteger("nnAdam", "hiddenUnits", rule.hiddenUnits, 1);
}

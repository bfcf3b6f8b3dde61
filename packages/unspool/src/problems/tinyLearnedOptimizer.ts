/**
 * A learned optimizer small enough to look at: a network of 98 weights decides the step of every weight of a small
 * regression network, and is judged by the loss along the training run that results.
 *
 *     p' = p - α ∇f(p) - c · d · e^(0.1 m),   (d, m) = MLP(∇f, momentum, p), each divided by its root mean square
 *
 * f is the mean squared error of a 1-16-16-1 tanh network on y = sin 3x; l = f(p'). c sets how far theta reaches, and
 * with it whether training is chaotic. Metz et al., "Gradients are Not All You Need", 2021, at CPU size.
 */
import { type Key, type Tensor, grad, np, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type InitMlpOptions, applyMlp, fanInNormal, initMlp } from "../networks/index.ts";

/** The per-weight network 3 -> 16 -> 2, ReLU. */
export type LearnedOptimizerTheta = { hidden: LayerTree; output: LayerTree };
type LayerTree = { weights: Tensor; bias: Tensor };

/** Weights p [321] of the inner network, and the exponential average of its gradients. */
export type TrainedWeights = { weights: Tensor; momentum: Tensor };

export interface TinyLearnedOptimizerOptions {
  /** c: how far the learned part moves weights. Default 0.01. */
  scale?: number;
  /** α: learning rate of the gradient descent underneath. Default 0.1. */
  learningRate?: number;
  /** Training points x, evenly spaced in [-1, 1]. Default 32. */
  points?: number;
  /** Source of the default theta. Default `random.key(0)`. */
  key?: Key;
  /** Training steps T. Default 100. */
  horizon?: number;
}

const sizes = [1, 16, 16, 1] as const;
/** Decay of the momentum that theta sees. */
const decay = 0.9;

/** Theta is `{ hidden, output }`; every trajectory trains from new weights N(0, 1 / inputs). */
export function tinyLearnedOptimizer(
  options: TinyLearnedOptimizerOptions = {},
): Problem<LearnedOptimizerTheta, TrainedWeights, undefined> {
  requireKnownOptions("tinyLearnedOptimizer", options, ["scale", "learningRate", "points", "key", "horizon"]);
  const { scale = 0.01, learningRate = 0.1, points = 32, horizon = 100, key = random.key(0) } = options;
  requireInteger("tinyLearnedOptimizer", "points", points, 1);
  if (!Number.isFinite(scale)) throw new OptionError("tinyLearnedOptimizer", "scale", scale, "finite");
  const xs = Float64Array.from({ length: points }, (_, i) => (points === 1 ? 0 : (2 * i) / (points - 1) - 1));
  const inputs = np.array(xs, { shape: [points, 1] });
  const targets = np.array(
    xs.map((x) => Math.sin(3 * x)),
    { shape: [points, 1] },
  );
  const fit = (weights: Tensor): Tensor => {
    const miss = applyTanhMlp(weights, inputs.astype(weights.dtype)).sub(targets.astype(weights.dtype));
    return miss.mul(miss).mean();
  };
  return defineProblem({
    name: "tinyLearnedOptimizer",
    horizon,
    theta: learnedOptimizerTheta(key),
    init(_theta: LearnedOptimizerTheta, trajectoryKey) {
      const layers = initMlp(trajectoryKey, sizes, tanhLayers);
      const weights = np.concatenate(layers.flatMap((l) => [l.weights.flatten(), l.bias]));
      return { weights, momentum: np.zerosLike(weights) };
    },
    step(theta: LearnedOptimizerTheta, { weights, momentum }) {
      const gradient = grad(fit)(weights) as Tensor;
      const average = momentum.mul(decay).add(gradient.mul(1 - decay));
      const features = np.stack([gradient, average, weights].map(normalised), 1);
      const outputs = applyMlp([theta.hidden, theta.output], features);
      const learned = outputs.slice([], 0).mul(np.exp(outputs.slice([], 1).mul(0.1)));
      const next = weights.sub(gradient.mul(learningRate)).sub(learned.mul(scale));
      return { state: { weights: next, momentum: average }, loss: fit(next) };
    },
  });
}

/** How the layers of both networks begin. */
const tanhLayers: InitMlpOptions = { weights: fanInNormal, dtype: "float64" };

/** Random weights of the per-weight network, N(0, 1 / inputs), without biases: 98 numbers. */
export function learnedOptimizerTheta(key: Key): LearnedOptimizerTheta {
  const [hidden, output] = initMlp(key, [3, 16, 2], tanhLayers) as [LayerTree, LayerTree];
  return { hidden, output };
}

/** The inner network on inputs [points, 1], its weights in one vector. */
function applyTanhMlp(vector: Tensor, inputs: Tensor): Tensor {
  let [x, offset] = [inputs, 0];
  const take = (size: number): Tensor => vector.slice([offset, (offset += size)]);
  for (let i = 1; i < sizes.length; i++) {
    const [rows, columns] = [sizes[i - 1]!, sizes[i]!];
    const weights = take(rows * columns).reshape([rows, columns]);
    const y = np.matmul(x, weights).add(take(columns));
    x = i < sizes.length - 1 ? np.tanh(y) : y;
  }
  return x;
}

/** x divided by its root mean square. */
function normalised(x: Tensor): Tensor {
  return x.div(np.sqrt(x.mul(x).mean().add(1e-5)));
}

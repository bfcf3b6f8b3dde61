/** What a controller of a design is: random, with a density that is known. All functions are of ONE trajectory, and traced. */
import { type Key, type Tensor, np, random, tree } from "../../../array/index.ts";
import { requireInteger, requirePositive } from "../../../errors.ts";

export interface DesignPolicy<Theta = unknown> {
  readonly name: string;
  /** Whether actions are numbers of a list: they have no derivative. */
  readonly isDiscrete: boolean;
  /** How many there are, where it is known: an environment or a task of others is refused. */
  readonly actions?: number;
  init(key: Key): Theta;
  /** a ~ pi(. | observation). For `actions: "reparam"` a differentiable function of theta and observation at a fixed key. */
  sample(theta: Theta, observation: Tensor, key: Key): Tensor;
  /** log pi(a | observation), a scalar. */
  logProb(theta: Theta, observation: Tensor, action: Tensor): Tensor;
  /** The most likely action. */
  mode?(theta: Theta, observation: Tensor): Tensor;
  /** Of pi(. | observation), a scalar; needed with an `entropy` weight only. */
  entropy?(theta: Theta, observation: Tensor): Tensor;
}

/** Weights [inputs, outputs] and bias [outputs] of one layer. */
export interface PolicyLayer {
  weights: Tensor;
  bias: Tensor;
}

/** What policies that are networks have in common. */
export interface PolicyNetworkOptions {
  /** How long an observation is. */
  observations: number;
  /** Units of each hidden layer (tanh); [] is linear. Default [64]. */
  hidden?: readonly number[];
  /** Weights of the last layer are divided by this when they are drawn. Default 1. */
  headScale?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export const policyNetworkOptions = ["observations", "hidden", "headScale", "dtype"] as const;

/** Throws `OptionError` for a network that cannot be. */
export function requirePolicyNetwork(where: string, options: PolicyNetworkOptions): void {
  requireInteger(where, "observations", options.observations, 1);
  options.hidden?.forEach((units, i) => requireInteger(where, `hidden[${i}]`, units, 1));
  if (options.headScale !== undefined) requirePositive(where, "headScale", options.headScale);
}

/** Layers with weights and biases from U(-1, 1) / sqrt(inputs): what PyTorch draws for linear layers. */
export function initPolicyNetwork(key: Key, options: PolicyNetworkOptions, outputs: number): PolicyLayer[] {
  const { observations, hidden = [64], headScale = 1, dtype = "float32" } = options;
  const sizes = [observations, ...hidden, outputs];
  return sizes.slice(1).map((width, i) => {
    const [inputs, own] = [sizes[i]!, random.foldIn(key, i)];
    const limit = 1 / Math.sqrt(inputs);
    const draw = (name: string, shape: number[]): Tensor =>
      random.uniform(random.foldIn(own, name), shape, { minval: -limit, maxval: limit, dtype });
    const weights = draw("weights", [inputs, width]);
    return {
      weights: i === sizes.length - 2 && headScale !== 1 ? weights.div(headScale) : weights,
      bias: draw("bias", [width]),
    };
  });
}

/** Outputs [outputs] of layers with tanh between them. */
export function policyNetwork(layers: readonly PolicyLayer[], observation: Tensor): Tensor {
  return layers.reduce((x, { weights, bias }, i) => {
    const y = (np.matmul(x, weights) as Tensor).add(bias);
    return i < layers.length - 1 ? (np.tanh(y) as Tensor) : y;
  }, observation);
}

/** Normals in the dtype of a tensor. */
export function normalsLike(like: Tensor, key: Key): Tensor {
  return random.normal(key, [...like.shape], { dtype: tree.floatType(like) });
}

/**
 * A network with tanh between its layers as a policy, as in the zeroth-order actor-critic (Lei et al., arXiv 2201.12518):
 *
 *     h ← tanh(norm(W h + b)),   a = middle + half width · tanh(W h + b)
 *
 * norm is layer normalisation without parameters of its own (Ba, Kiros and Hinton 2016), which keeps perturbed weights
 * from saturating the tanh. Weights are orthogonal with gain 5/3, and 0.01 · 5/3 of the output.
 */
import { type Key, type Tensor, nn, np, random } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import { orthogonal } from "../../../networks/index.ts";
import type { Environment, Policy } from "../../environments/environment.ts";
import { requireSpaces, spaceSize } from "../../environments/space.ts";
import { boundedActions } from "./actionsOf.ts";
import { toeplitz, toeplitzSize } from "./toeplitz.ts";

/** weights: [outputs, inputs], or the diagonals of that matrix. bias: [outputs]. mask: like dense weights. */
export type NetworkPolicyLayer = { weights: Tensor; bias: Tensor; mask?: Tensor };

export type NetworkTheta = { layers: NetworkPolicyLayer[] };

export interface NetworkPolicyOptions {
  /** Default [64, 64]. */
  hidden?: readonly number[];
  /**
   * "dense"; "toeplitz": constant diagonals; "masked": beside each weight a logit m, and a weight counts where the
   * softmax of 100 m over its layer is above 1e-8, so that perturbations prune and restore. Default "dense".
   */
  weights?: "dense" | "toeplitz" | "masked";
  /** Whether layers are normalised before the tanh. Default true. */
  hasLayerNorm?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

const gain = 5 / 3;
const outputGain = 0.01 * gain;
/** Beside a variance. */
const leastVariance = 1e-5;
/** Of the authors' masked policy. */
const maskSharpness = 100;
const leastShare = 1e-8;

/** A network policy for `environment`: numbers within its bounds, or the choice of the largest output. */
export function networkPolicy(
  environment: Pick<Environment, "observationSpace" | "actionSpace">,
  options: NetworkPolicyOptions = {},
): Policy<NetworkTheta> {
  const where = "networkPolicy";
  requireKnownOptions(where, options, ["hidden", "weights", "hasLayerNorm", "dtype"]);
  requireSpaces(where, environment);
  const { observationSpace, actionSpace } = environment;
  const { hidden = [64, 64], weights = "dense", hasLayerNorm = true, dtype = "float32" } = options;
  if (!Array.isArray(hidden)) throw new OptionError(where, "hidden", hidden, "a list, such as [64, 64]");
  hidden.forEach((size, i) => requireInteger(where, `hidden[${i}]`, size, 1));
  requireOneOf(where, "weights", weights, ["dense", "toeplitz", "masked"]);
  requireOneOf(where, "dtype", dtype, ["float32", "float64"]);
  const sizes = [spaceSize(observationSpace), ...hidden, spaceSize(actionSpace)];
  const layer = (key: Key, inputs: number, outputs: number, isLast: boolean): NetworkPolicyLayer => {
    const draw = orthogonal(isLast ? outputGain : gain)(key, [inputs, outputs], dtype).transpose();
    const bias = np.zeros([outputs], { dtype });
    if (weights === "dense") return { weights: draw, bias };
    if (weights === "masked") return { weights: draw, bias, mask: np.zeros([outputs, inputs], { dtype }) };
    // The first column and row of an orthogonal matrix have the size that its numbers should have.
    const row = draw.slice(0).slice([1, inputs]);
    const parts = inputs > 1 ? [draw.transpose().slice(0), row] : [draw.reshape([-1])];
    return { weights: (np.concatenate(parts) as Tensor).reshape([toeplitzSize(outputs, inputs)]), bias };
  };
  const matrixOf = (of: NetworkPolicyLayer, inputs: number, outputs: number): Tensor => {
    if (weights === "toeplitz") return toeplitz(of.weights, outputs, inputs);
    return of.mask === undefined ? of.weights : of.weights.mul(isKept(of.mask).astype(of.weights.dtype));
  };
  return {
    name: weights === "dense" ? "network" : `network, ${weights}`,
    init: (key) => ({
      layers: sizes
        .slice(1)
        .map((outputs, i) => layer(random.foldIn(key, i), sizes[i]!, outputs, i === sizes.length - 2)),
    }),
    act({ layers }, observation) {
      const outputs = layers.reduce(
        (x, own, i) => {
          const y = (np.matmul(matrixOf(own, sizes[i]!, sizes[i + 1]!), x) as Tensor).add(own.bias);
          if (i === layers.length - 1) return y;
          return np.tanh(hasLayerNorm ? normalised(y) : y) as Tensor;
        },
        observation.reshape([-1]).astype(dtype),
      );
      return boundedActions(actionSpace, outputs);
    },
  };
}

function normalised(x: Tensor): Tensor {
  const away = x.sub(x.mean());
  return away.div(np.sqrt(away.mul(away).mean().add(leastVariance)) as Tensor);
}

/** Where a mask's share in the softmax over its layer is above the least. */
function isKept(mask: Tensor): Tensor {
  const shares = nn.softmax(mask.reshape([-1]).mul(maskSharpness));
  return shares.greater(leastShare).reshape([...mask.shape]);
}

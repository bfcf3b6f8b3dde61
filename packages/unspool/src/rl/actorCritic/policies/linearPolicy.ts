/**
 * Actions a = W s, without bias or bounds, W = 0 at first: what finite-difference searches drive walking models with
 * (Mania, Guy and Recht, arXiv 1803.07055).
 */
import { type Tensor, np } from "../../../array/index.ts";
import { requireKnownOptions, requireOneOf } from "../../../errors.ts";
import type { Environment, Policy } from "../../environments/environment.ts";
import { requireSpaces, spaceSize } from "../../environments/space.ts";
import { plainActions } from "./actionsOf.ts";
import { toeplitz, toeplitzSize } from "./toeplitz.ts";

/** [actions, observations], or the diagonals of that matrix. */
export type LinearTheta = { weights: Tensor };

export interface LinearPolicyOptions {
  /** A matrix of its own numbers ("dense"), or of constant diagonals ("toeplitz"). Default "dense". */
  weights?: "dense" | "toeplitz";
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** A linear policy for `environment`; of choices the largest output is taken. */
export function linearPolicy(
  environment: Pick<Environment, "observationSpace" | "actionSpace">,
  options: LinearPolicyOptions = {},
): Policy<LinearTheta> {
  requireKnownOptions("linearPolicy", options, ["weights", "dtype"]);
  requireSpaces("linearPolicy", environment);
  const { observationSpace, actionSpace } = environment;
  const { weights = "dense", dtype = "float32" } = options;
  requireOneOf("linearPolicy", "weights", weights, ["dense", "toeplitz"]);
  requireOneOf("linearPolicy", "dtype", dtype, ["float32", "float64"]);
  const [inputs, outputs] = [spaceSize(observationSpace), spaceSize(actionSpace)];
  const isDense = weights === "dense";
  return {
    name: isDense ? "linear" : "linear, Toeplitz",
    init: () => ({
      weights: np.zeros(isDense ? [outputs, inputs] : [toeplitzSize(outputs, inputs)], { dtype }),
    }),
    act(theta, observation) {
      const matrix = isDense ? theta.weights : toeplitz(theta.weights, outputs, inputs);
      const seen = observation.reshape([-1]).astype(matrix.dtype);
      return plainActions(actionSpace, np.matmul(matrix, seen) as Tensor);
    },
  };
}

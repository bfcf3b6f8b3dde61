/** Neural-network functions: those of jax-js, lifted; `relu` has derivative 0 at exactly 0, as in JAX and PyTorch. */
import * as jax from "@jax-js/jax";
import { lift } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";
import { np } from "./np.ts";
import type { Tensor } from "./tensor.ts";

type JaxNn = typeof jax.nn;

const names = [
  "celu",
  "elu",
  "gelu",
  "hardSigmoid",
  "hardSilu",
  "hardTanh",
  "leakyRelu",
  "logSigmoid",
  "logSoftmax",
  "logsumexp",
  "mish",
  "oneHot",
  "selu",
  "sigmoid",
  "silu",
  "softSign",
  "softmax",
  "softplus",
] as const;

function relu(x: Tensor): Tensor {
  return np.where(x.greater(0), x, np.zeros([], { dtype: x.dtype }));
}

/** Mean cross-entropy of `logits` [batch, classes] against int32 `labels` [batch]. */
function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.shape.at(-1)!;
  const picked = nn.logSoftmax(logits).mul(nn.oneHot(labels, classes).astype(logits.dtype));
  return picked.sum(-1).neg().mean();
}

const lifted = Object.fromEntries(names.map((name) => [name, lift(jax.nn[name])]));

export type Nn = { [Name in (typeof names)[number]]: Lifted<JaxNn[Name]> } & {
  relu: typeof relu;
  softmaxCrossEntropy: typeof softmaxCrossEntropy;
};

export const nn: Nn = { ...lifted, relu, softmaxCrossEntropy } as unknown as Nn;

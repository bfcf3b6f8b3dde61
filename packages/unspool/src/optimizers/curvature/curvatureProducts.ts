/**
 * Products of curvature matrices with vectors, without the matrix: the Hessian by forward over reverse mode, the
 * Gauss-Newton matrix through the outputs of a network. Pearlmutter 1994; Schraudolph 2002.
 *
 *     H v = d/dr ∇L(theta + r v) at r = 0,        G v = mean over the batch of  Jᵀ F_R J v
 *
 * J: derivative of an example's outputs, F_R: Fisher information of the likelihood there, which is the Hessian of its
 * loss. Vectors are the floating-point leaves of theta in order.
 */
import { type Key, type Tensor, grad, jvp, plainLayers, random, vjp } from "../../array/index.ts";
import { floatLeaves, withFloatLeaves } from "../floatVector.ts";
import type { NetworkView, Objective } from "../objective/objective.ts";

/** H v of the loss. Cost: about two gradients. */
export function hessianProduct<Theta>(
  objective: Objective<Theta>,
  theta: Theta,
  v: readonly Tensor[],
): Tensor[] {
  const gradient = grad((leaves: Tensor[]) => objective.loss(withFloatLeaves(theta, leaves)));
  return jvp((leaves: Tensor[]) => gradient(leaves) as Tensor[], [floatLeaves(theta)], [[...v]])[1];
}

/** G v of the network's loss. Cost: about two gradients. */
export function gaussNewtonProduct<Theta>(
  network: NetworkView<Theta>,
  theta: Theta,
  v: readonly Tensor[],
): Tensor[] {
  const outputsAt = outputsOf(network, theta);
  const [outputs, moved] = jvp(outputsAt, [floatLeaves(theta)], [[...v]]);
  return pulledBack(outputsAt, theta, network.likelihood.fisherProduct(outputs, moved));
}

/**
 * An estimate of the diagonal of G that is never negative: (Jᵀ B r)² with B Bᵀ = F_R and random signs r. Chapelle and
 * Erhan 2011. Cost: about one gradient.
 */
export function gaussNewtonDiagonal<Theta>(network: NetworkView<Theta>, theta: Theta, key: Key): Tensor[] {
  const outputsAt = outputsOf(network, theta);
  const outputs = outputsAt(floatLeaves(theta));
  const dtype = outputs.dtype === "float64" ? "float64" : "float32";
  const signs = random.rademacher(key, outputs.shape, { dtype });
  const batch = outputs.shape[0]!;
  const drawn = pulledBack(outputsAt, theta, network.likelihood.fisherFactor(outputs, signs));
  return drawn.map((x) => x.mul(x).mul(batch));
}

type Outputs = (leaves: Tensor[]) => Tensor;

function outputsOf<Theta>(network: NetworkView<Theta>, theta: Theta): Outputs {
  return (leaves) => network.outputs(withFloatLeaves(theta, leaves), plainLayers);
}

/** Mean over the batch of Jᵀ applied to `errors` [batch, n]. */
function pulledBack<Theta>(outputsAt: Outputs, theta: Theta, errors: Tensor): Tensor[] {
  const [, [pulled]] = vjp(outputsAt, [floatLeaves(theta)], errors.div(errors.shape[0]!));
  return pulled as Tensor[];
}

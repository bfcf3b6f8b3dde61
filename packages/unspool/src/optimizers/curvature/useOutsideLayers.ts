/**
 * Parameters that a network uses outside of the layers it was given: tied weights, a penalty, a scaled output. What is made
 * of taps (the inputs of layers and the derivatives at their outputs) knows nothing of such a use.
 */
import {
  type Layers,
  type Tensor,
  type TracedAtom,
  isTracing,
  np,
  plainLayers,
  requireLayer,
  traceProgram,
  tree,
} from "../../array/index.ts";

/** The first of `usesOutsideLayers`; undefined where there is none, and in traces. */
export function useOutsideLayers<Theta>(
  network: (theta: Theta, layers: Layers) => Tensor,
  theta: Theta,
): string | undefined {
  return usesOutsideLayers(network, theta)[0];
}

/**
 * Paths of the leaves of theta that the outputs depend on in another way than as the parameters of a layer; none in traces.
 * Whether there is a way is read off the program: no value is computed.
 */
export function usesOutsideLayers<Theta>(
  network: (theta: Theta, layers: Layers) => Tensor,
  theta: Theta,
): string[] {
  if (isTracing()) return [];
  const outputs = (at: Theta): Tensor => network(at, withoutParameters(tree.leaves(at)));
  const { body, constants } = traceProgram("network", outputs as (...args: never[]) => unknown, [theta]);
  const read = new Set(body.outputs.flatMap(idsOf));
  for (const { primitive, inputs, outputs: made } of body.equations.toReversed()) {
    // What is said to be a constant is one.
    if (primitive === "stop_gradient" || !made.some(({ id }) => read.has(id))) continue;
    for (const id of inputs.flatMap(idsOf)) read.add(id);
  }
  const own = body.inputs.slice(constants.length);
  return tree
    .entries(theta)
    .filter(([, { dtype }], i) => dtype.startsWith("float") && read.has(own[i]!))
    .map(([path]) => path);
}

const idsOf = (atom: TracedAtom): number[] => ("id" in atom ? [atom.id] : []);

/** Layers in which zeros stand for those parameters that are leaves themselves. */
function withoutParameters(leaves: readonly Tensor[]): Layers {
  const still = (own: Tensor): Tensor =>
    leaves.includes(own) ? np.zeros([...own.shape], { dtype: own.dtype }) : own;
  const biasOf = (bias: Tensor | undefined): { bias?: Tensor } =>
    bias === undefined ? {} : { bias: still(bias) };
  const stillTree = <P>(parameters: P): P => tree.map(still, parameters);
  return {
    embedding: (layer, indices) =>
      plainLayers.embedding(stillTree(requireLayer("embedding", layer)), indices),
    scaleShift: (layer, x) => plainLayers.scaleShift(stillTree(requireLayer("scaleShift", layer)), x),
    own: (layer) => plainLayers.own({ ...layer, parameters: stillTree(layer.parameters) }),
    dense(layer, x) {
      const { weights, bias } = requireLayer("dense", layer);
      return plainLayers.dense({ weights: still(weights), ...biasOf(bias) }, x);
    },
    convolution(layer, x, options) {
      const { kernel, bias } = requireLayer("convolution", layer);
      return plainLayers.convolution({ kernel: still(kernel), ...biasOf(bias) }, x, options);
    },
  };
}

/**
 * Whether layers of one's own are what they say: the gradient of a block must be the product of its rows and derivatives, or
 * the mean of its examples' gradients. It is not where a form's parts do not fit, or where a layer mixes examples.
 */
import { type Tensor, isTracing, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiledOutside } from "../objective/compiledOutside.ts";
import type { NetworkView } from "../objective/objective.ts";
import { blockMatrix } from "./layerBlocks.ts";
import { layerTaps } from "./layerTaps.ts";
import { registrationOf } from "./registrationReport.ts";
import { usesOutsideLayers } from "./useOutsideLayers.ts";

/** Differences beyond this part of the product of lengths are no rounding errors. */
const mostOff = 1e-3;

/**
 * Throws `OptionError` that names a layer of one's own whose block does not have the gradient of the loss. Outside of traces;
 * a pass through the network where it has such layers, nothing where it has none.
 */
export function requireOwnLayers<Theta>(where: string, network: NetworkView<Theta>, theta: Theta): void {
  if (isTracing()) return;
  const { blocks } = registrationOf(network, theta);
  if (!blocks.some(({ kind }) => kind === "own")) return;
  const measured = compiledOutside(
    `${where}.ownLayers`,
    (at: Theta) => {
      const taps = layerTaps(network, at);
      return taps.registration.blocks.map((block, i) => {
        const [a, e] = [
          taps.inputs[i]!.reshape([-1, block.inputs]),
          taps.errors[i]!.reshape([-1, block.outputs]),
        ];
        const product = np.matmul(np.transpose(a), e).div(taps.outputs.shape[0]!);
        const off = product.sub(blockMatrix(block, taps.gradient));
        return { off: lengthOf(off), scale: lengthOf(a).mul(lengthOf(e)).div(taps.outputs.shape[0]!) };
      });
    },
    tree.tensors(theta) as Theta,
  );
  const outside = usesOutsideLayers((at: Theta, layers) => network.outputs(at, layers), theta);
  blocks.forEach(({ kind, name, form, paths }, i) => {
    const { off, scale } = measured[i]!;
    if (kind !== "own" || paths.some((path) => outside.includes(path))) return;
    if (!(off.item() > mostOff * scale.item())) return;
    const allowed =
      form === "matrix"
        ? "one whose `rows`, `derivatives`, `matrix` and `parameters` belong to what `apply` computes"
        : "one whose `apply` computes each example from the inputs of that example alone";
    const hint = "The gradient of its block is not that of the loss.";
    throw new OptionError(
      where,
      `the layer of one's own with "${name}"`,
      `a block off by ${off.item()}`,
      allowed,
      hint,
    );
  });
}

const lengthOf = (x: Tensor): Tensor => np.sqrt(x.mul(x).sum()) as Tensor;

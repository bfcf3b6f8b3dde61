/** Networks that give 0 at first: a twist then begins as no twist, and a proposal's factor at N(0, 1). */
import { np } from "../../../array/index.ts";
import type { Layer } from "../../../networks/index.ts";

/** The layers with a last one of zeros. Its gradient is not zero, and the others follow it. */
export function withoutOutput(layers: readonly Layer[]): Layer[] {
  return layers.map((layer, i) =>
    i < layers.length - 1 ? layer : { weights: np.zerosLike(layer.weights), bias: np.zerosLike(layer.bias) },
  );
}

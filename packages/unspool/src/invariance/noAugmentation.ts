/** No transformations: the network as it is. The evidence is then that of its other hyperparameters alone. */
import { np } from "../array/index.ts";
import type { Augmentation } from "./augmentation.ts";

/** One copy of each input, and nothing to learn. */
export function noAugmentation(): Augmentation {
  return {
    name: "noAugmentation",
    samples: 1,
    parameters: [],
    draw: (_key, count, dtype = "float32") => np.zeros([count, 1, 0], { dtype }),
    transform: (_eta, _epsilon, inputs) => inputs.reshape([inputs.shape[0]!, 1, ...inputs.shape.slice(1)]),
  };
}

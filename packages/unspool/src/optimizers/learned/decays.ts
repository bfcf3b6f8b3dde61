/**
 * Decays of running means that can be learned: an offset o turns b into 1 - (1 - b) e^(10 o), so that the same
 * perturbation changes every horizon 1 / (1 - b) by the same factor. Metz et al. 2022 (`small_fc_lopt`).
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { decayOf } from "../hyperparameter.ts";

/** Scalars, one per decay, for offsets [decays.length]. */
export function learnedDecays(decays: readonly number[], offsets: Tensor): Tensor[] {
  return decays.map((decay, i) => decayOf(rest(decay, offsets.slice(i))));
}

/** (1 - b) e^(10 o). */
const rest = (decay: number, offset: Tensor): Tensor => np.exp(offset.mul(10)).mul(1 - decay);

/** The same, kept within [0, 1]: for means of squares. */
export function learnedSquareDecays(decays: readonly number[], offsets: Tensor): Tensor[] {
  return decays.map((decay, i) => decayOf(np.clip(rest(decay, offsets.slice(i)), 0, 1) as Tensor));
}

/** Offsets that leave the decays as they are. */
export function noOffsets(decays: readonly number[]): Tensor {
  return np.zeros([decays.length]);
}

/** Throws `OptionError` unless every decay is in [0, 1). */
export function requireDecays(where: string, option: string, decays: readonly number[]): void {
  if (decays.every((decay) => decay >= 0 && decay < 1)) return;
  throw new OptionError(where, option, decays, "numbers of at least 0 and below 1");
}

/** Invertible maps with a known change of volume: what `transformed` moves draws by. */
import type { Tensor } from "../../array/index.ts";

export interface Bijector {
  readonly name: string;
  /** Axes that it maps together: 0 where each element is mapped by itself. */
  readonly eventRank: number;
  forward(x: Tensor): Tensor;
  inverse(y: Tensor): Tensor;
  /** log |det dy/dx| at x with y = forward(x), over the last `eventRank` axes. */
  logDeterminant(x: Tensor, y: Tensor): Tensor;
  /** Whether elements of y are images, where not all are: bool, for maps of single elements. */
  isImage?(y: Tensor): Tensor;
  /** Of y = scale x + shift, in the dtype for use beside a tensor: then moments and entropies are known too. */
  linear?(beside?: Tensor): { readonly scale: Tensor; readonly shift: Tensor };
}

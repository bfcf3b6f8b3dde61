/**
 * One update of a flow: the gradient of a loss, clipped by its norm, and a step of an optimizer that is left out where loss
 * or norm is not finite. With target p²/q a point of tiny q gives norms of 10⁶, so that clipping is no ornament.
 */
import { type Tensor, type Tree, np, tree, valueAndGrad } from "../../../array/index.ts";
import type { Optimizer } from "../../../optimizers/index.ts";
import { splitFloats } from "../../../unroll/index.ts";
import { type AdaptiveClipState, adaptiveLimit, watchNorm } from "./adaptiveClip.ts";

/** A norm, "adaptive" (from the norms of the last hundred updates), or null: none. */
export type GradientClip = number | "adaptive" | null;

export interface Trained<Params> {
  theta: Params;
  optimizer: Tree;
  /** Of "adaptive" only. */
  clip?: AdaptiveClipState;
}

export interface StepRecord {
  loss: Tensor;
  /** Before clipping. */
  gradientNorm: Tensor;
  /** int32. */
  isSkipped: Tensor;
}

/** The update of `trained` by `loss`, traced. */
export function gradientStep<Params>(
  { theta, optimizer: state, clip: norms }: Trained<Params>,
  { optimizer, clip }: { optimizer: Optimizer; clip: GradientClip },
  loss: (params: Params) => Tensor,
): { trained: Trained<Params>; record: StepRecord } {
  const { floats, rebuild } = splitFloats(theta);
  const [value, slopes] = valueAndGrad((own: Tensor[]) => loss(rebuild(own) as Params))(floats);
  // In the dtype of theta: an optimizer would refuse another.
  const gradientNorm = tree.norm(slopes).astype(value.dtype);
  const isUsable = np.logicalAnd(np.isfinite(value), np.isfinite(gradientNorm)) as Tensor;
  const [limit, isTaken] = limitOf(clip, norms, gradientNorm);
  const isSound = isTaken === undefined ? isUsable : (np.logicalAnd(isUsable, isTaken) as Tensor);
  const share = limit === undefined ? undefined : (np.minimum(limit.div(gradientNorm), 1) as Tensor);
  const clipped = slopes.map((slope) => {
    const shortened = share === undefined ? slope : slope.mul(share.astype(slope.dtype));
    return np.where(isSound, shortened, np.zerosLike(slope)) as Tensor;
  });
  const next = optimizer.update<unknown>(gradientLike(theta, clipped), state, theta);
  return {
    trained: {
      theta: tree.select(isSound, next.theta as Params, theta),
      optimizer: tree.select(isSound, next.state, state),
      ...(norms && { clip: watchNorm(norms, gradientNorm, isUsable) }),
    },
    record: { loss: value, gradientNorm, isSkipped: np.logicalNot(isSound).astype("int32") as Tensor },
  };
}

/** Zeros for leaves that are no floats. */
function gradientLike(theta: unknown, floats: readonly Tensor[]): unknown {
  let next = 0;
  return tree.map(
    (leaf) => (leaf.dtype === "float32" || leaf.dtype === "float64" ? floats[next++]! : np.zerosLike(leaf)),
    theta,
  );
}

function limitOf(
  clip: GradientClip,
  norms: AdaptiveClipState | undefined,
  norm: Tensor,
): [limit?: Tensor, isTaken?: Tensor] {
  if (clip === null) return [];
  if (clip === "adaptive") {
    const { limit, most } = adaptiveLimit(norms!);
    return [limit, norm.lessEqual(most)];
  }
  return [np.array(clip, { dtype: norm.dtype })];
}

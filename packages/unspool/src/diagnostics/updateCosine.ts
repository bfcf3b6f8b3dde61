/** How alike two updates of a network's layers are, by what they do to the layers' outputs. */
import { type Tensor, np } from "../array/index.ts";
import { ShapeError } from "../errors.ts";

/**
 * Cosine of the angle between two updates, lists of matrices [inputs, outputs] by layer, in the inner product of FOOF:
 * Σ tr(D₁ᵀ Σ_A D₂) over layers, where Σ_A [inputs, inputs] is the second moment of a layer's inputs. It compares the
 * changes of pre-activations that the updates make on the data of Σ_A. 0 where an update is. Benzing (ICML 2022),
 * Figure 3B.
 */
export function updateCosine(
  inputFactors: readonly Tensor[],
  first: readonly Tensor[],
  second: readonly Tensor[],
): Tensor {
  const counts = [inputFactors.length, first.length, second.length];
  if (counts.some((count) => count !== counts[0] || count === 0)) {
    throw new ShapeError("updateCosine", `the lists have ${counts.join(", ")} layers; give one matrix each.`);
  }
  const product = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
    inputFactors
      .map((factor, i) => np.matmul(factor, b[i]!).mul(a[i]!).sum())
      .reduce((total, part) => total.add(part));
  const [a, b] = [first, second].map((update) => {
    const square = product(update, update);
    // Where an update is 0, so is its product with the other.
    const isZero = square.lessEqual(0);
    return np.sqrt(np.where(isZero, np.onesLike(square), square));
  }) as [Tensor, Tensor];
  return product(first, second).div(a).div(b);
}

/** The quadratic form of a matrix is that of its symmetric part; derivatives written for a symmetric one are not. */
import type { Tensor } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";

/** Elements that differ by less than this share of the largest one are the same but for rounding. */
const rounding = 1e-9;

/** Throws `OptionError` for the first of these square matrices that is not its own transpose. */
export function requireSymmetric(where: string, matrices: Readonly<Record<string, Tensor>>): void {
  for (const [name, matrix] of Object.entries(matrices)) {
    const [n, { data }] = [matrix.shape[0]!, matrix];
    const largest = Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) {
        const [below, above] = [data[i * n + j]!, data[j * n + i]!];
        if (Math.abs(below - above) <= rounding * largest) continue;
        throw new OptionError(
          where,
          name,
          matrix.toArray(),
          `symmetric: [${i}][${j}] is ${below}, [${j}][${i}] is ${above}`,
          `The form has the value of that of ½ (${name} + ${name}ᵀ): give that.`,
        );
      }
  }
}

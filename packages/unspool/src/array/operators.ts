/**
 * JavaScript has no operators for tensors: `x * a`, `x > 1` and `Math.exp(x)` would make a number of `x`, which is NaN,
 * and a branch on it is never taken. Here they say which function to use. Text is allowed: `${x}` and String(x).
 */
import { ShapeError } from "../errors.ts";

const advice =
  "Use methods or np functions: x.add(y), x.sub(y), x.mul(y), x.div(y) or np.add for + - * /, x.greater(1), x.less(y) " +
  "or np.equal for comparisons, np.exp(x) for Math.exp(x), np.where(x.greater(1), a, b) for if and ?:. " +
  "The number in a tensor with known elements is x.item().";

/** Makes tensors refuse to become numbers. */
export function refuseOperators(prototype: { toString(): string }): void {
  Object.defineProperty(prototype, Symbol.toPrimitive, {
    configurable: true,
    value(this: { toString(): string }, hint: string): string {
      if (hint === "string") return this.toString();
      throw new ShapeError(
        "Tensor",
        `JavaScript operators and Math functions do not work on tensors, got ${this.toString()}. ${advice}`,
      );
    },
  });
}

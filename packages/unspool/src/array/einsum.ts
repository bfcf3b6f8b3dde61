/**
 * Einstein sums by subscripts. jax-js 0.1.25 reads subscripts with iterator helpers, which Node 20 has not; its form
 * with lists of axis numbers does the sum.
 */
import * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import { liftArithmetic } from "./lift.ts";
import { inProduct } from "./promotion.ts";
import type { Tensor } from "./tensor.ts";

const sumByAxes = liftArithmetic(jax.numpy.einsum) as (...args: unknown[]) => Tensor;

/** `einsum("ij,jk->ik", x, y)`. Without an arrow the result has the letters that occur once, in alphabetical order. */
export function einsum(subscripts: string, ...operands: Tensor[]): Tensor {
  const text = subscripts.replaceAll(" ", "");
  const [left, right = implicitOutput(text)] = text.split("->") as [string, string?];
  const inputs = left.split(",");
  if (text.includes("...")) {
    throw new ShapeError(
      "np.einsum",
      `names every axis by a letter, and has no "...", got ${JSON.stringify(subscripts)}. ` +
        'Write the letters, as in "bij,bjk->bik".',
    );
  }
  const isPlain = /^[a-zA-Z,]*$/.test(left) && /^[a-zA-Z]*$/.test(right);
  if (!isPlain || inputs.length !== operands.length) {
    throw new ShapeError(
      "np.einsum",
      `needs letters for each of ${operands.length} operands, got ${JSON.stringify(subscripts)}. An example is "ij,jk->ik".`,
    );
  }
  for (const [i, letters] of inputs.entries()) {
    if (letters.length !== operands[i]!.ndim) {
      throw new ShapeError(
        "np.einsum",
        `operand ${i} is ${operands[i]!.toString()}, but has subscripts "${letters}".`,
      );
    }
  }
  requireLengths(inputs, right, operands);
  const axes = (letters: string) => Array.from(letters, (letter) => letter.charCodeAt(0));
  const run = (...parts: unknown[]) =>
    sumByAxes(...inputs.flatMap((letters, i) => [parts[i], axes(letters)]), axes(right));
  return inProduct("np.einsum", { isBoolAgain: true }, operands, run) as Tensor;
}

/** A letter is one length, and occurs on the left if it does on the right. */
function requireLengths(inputs: readonly string[], right: string, operands: readonly Tensor[]): void {
  const lengths = new Map<string, { length: number; operand: number }>();
  for (const [operand, letters] of inputs.entries()) {
    for (const [axis, letter] of Array.from(letters).entries()) {
      const length = operands[operand]!.shape[axis]!;
      const known = lengths.get(letter) ?? { length, operand };
      lengths.set(letter, known);
      if (known.length === length) continue;
      throw new ShapeError(
        "np.einsum",
        `"${letter}" is an axis of length ${known.length} in operand ${known.operand}, ` +
          `${operands[known.operand]!.toString()}, and of ${length} in operand ${operand}, ` +
          `${operands[operand]!.toString()}. One letter is one length.`,
      );
    }
  }
  for (const [i, letter] of Array.from(right).entries()) {
    if (lengths.has(letter) && right.indexOf(letter) === i) continue;
    throw new ShapeError(
      "np.einsum",
      `"${letter}" on the right of "->" must be a letter of the left, once, got "${inputs.join(",")}->${right}".`,
    );
  }
}

function implicitOutput(inputs: string): string {
  const letters = Array.from(inputs.replaceAll(",", ""));
  return letters
    .filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
    .toSorted()
    .join("");
}

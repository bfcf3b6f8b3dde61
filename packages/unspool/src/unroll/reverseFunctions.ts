/**
 * The functions of a reverse program for one unit: forward as they are given, backward as the pullback of one step.
 * Executors trace these; integer and boolean leaves of a carry have no cotangent.
 */
import { type Tensor, np, tree, vjp } from "../array/index.ts";
import type { ReverseFunctions, ReverseProgram } from "../program/index.ts";
import { splitFloats } from "./floats.ts";

export function reverseFunctions(program: ReverseProgram): ReverseFunctions {
  const { name, length } = program;
  const floatsOf = (carry: unknown): Tensor[] => splitFloats(carry).floats;
  return {
    name,
    length,
    begin: (theta, shared, unit) => program.begin(theta, shared, unit),
    step(theta, shared, carry, k) {
      const next = program.step(theta, shared, carry, k);
      tree.requireSame(name, "the carry after a step", carry, next.carry);
      return { carry: next.carry, loss: next.loss.astype("float64") };
    },
    floatsOf,
    pullStep(theta, shared, carry, k, cotangent, sum) {
      const { floats, rebuild } = splitFloats(carry);
      const run = (thetaNow: unknown, moved: Tensor[]): [Tensor, Tensor[]] => {
        const next = program.step(thetaNow, shared, rebuild(moved), k);
        return [next.loss, floatsOf(next.carry)];
      };
      const seed: [Tensor, Tensor[]] = [np.ones([], { dtype: tree.floatType(theta) }), cotangent];
      const [, [dTheta, dCarry]] = vjp(run, [theta, floats], seed);
      return { cotangent: dCarry, sum: addWide(sum, dTheta) };
    },
    pullBegin(theta, shared, unit, cotangent, sum) {
      if (cotangent.length === 0) return sum;
      const run = (thetaNow: unknown): Tensor[] => floatsOf(program.begin(thetaNow, shared, unit));
      const [, [dTheta]] = vjp(run, [theta], cotangent);
      return addWide(sum, dTheta);
    },
  };
}

function addWide(sum: unknown, gradient: unknown): unknown {
  return tree.map((total: Tensor, g: Tensor) => total.add(g.astype("float64")), sum, gradient);
}

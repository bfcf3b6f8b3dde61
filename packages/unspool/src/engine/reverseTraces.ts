/** The traces of a reverse program: begin, a step forward and backward as one graph, and the pullback of begin. */
import { type Tensor, type TracedProgram, traceProgram, tree } from "../array/index.ts";
import type { ReverseFunctions } from "../program/index.ts";

export interface ReverseArguments {
  readonly theta: unknown;
  readonly shared: unknown;
  readonly units: unknown;
}

export interface ReverseTraces {
  begin: TracedProgram;
  /** (theta, shared, carry, k, cotangent, sum) -> [carry, loss, cotangent, sum] */
  step: TracedProgram;
  first: TracedProgram;
  carry: readonly Tensor[];
  cotangent: readonly Tensor[];
}

export function traceReverse(
  program: ReverseFunctions,
  { theta, shared }: ReverseArguments,
  one: unknown,
): ReverseTraces {
  const { name } = program;
  const begin = traceProgram(name, (th: unknown, s: unknown, u: unknown) => program.begin(th, s, u), [
    theta,
    shared,
    one,
  ]);
  const carry = tree.zerosLike(begin.output);
  const cotangent = program.floatsOf(carry);
  const sum = tree.zerosLike(theta, "float64");
  const step = traceProgram(
    name,
    (th: unknown, s: unknown, c: unknown, k: Tensor, down: Tensor[], g: unknown) => {
      const next = program.step(th, s, c, k);
      const pulled = program.pullStep(th, s, c, k, down, g);
      return [next.carry, next.loss, pulled.cotangent, pulled.sum];
    },
    [theta, shared, carry, tree.scalar(0, "int32"), cotangent, sum],
  );
  const first = traceProgram(
    name,
    (th: unknown, s: unknown, u: unknown, down: Tensor[], g: unknown) => program.pullBegin(th, s, u, down, g),
    [theta, shared, one, cotangent, sum],
  );
  return { begin, step, first, carry: tree.leaves(carry), cotangent };
}

/** What all optimizers around another optimizer share: state in `inner`, and passing on what the inner one offers. */
import type { Tensor, Tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { Optimizer } from "../optimizer.ts";

/** State of an optimizer around another. */
export type WrappedState<Inner extends Tree = Tree> = {
  step: Tensor;
  inner: Inner;
};

/** The optional members that a wrapper has because its inner optimizer has them. */
export type PassedOn<State extends Tree> = Pick<
  Optimizer<State>,
  "momentum" | "usesLoss" | "secondMoment" | "evaluationTheta" | "moveTo" | "canSkip" | "metrics"
>;

export function passOn<State extends { readonly [name: string]: Tree; inner: Inner }, Inner extends Tree>(
  inner: Optimizer<Inner>,
): PassedOn<State> {
  const { momentum, usesLoss, secondMoment, evaluationTheta, moveTo, canSkip, metrics } = inner;
  return {
    ...(momentum !== undefined && { momentum: `inner.${momentum}` }),
    ...(usesLoss !== undefined && { usesLoss }),
    ...(secondMoment !== undefined && {
      secondMoment: <Theta>(state: State, theta: Theta) => secondMoment(state.inner, theta),
    }),
    ...(evaluationTheta !== undefined && {
      evaluationTheta: <Theta>(state: State, theta: Theta) => evaluationTheta(state.inner, theta),
    }),
    ...(canSkip !== undefined && { canSkip: (state: State) => canSkip(state.inner) }),
    ...(metrics !== undefined && { metrics: (state: State) => metrics(state.inner) }),
    ...(moveTo !== undefined && {
      moveTo: <Theta>(state: State, theta: Theta) => ({ ...state, inner: moveTo(state.inner, theta) }),
    }),
  };
}

/** What an optimizer of objectives passes on of its inner one. */
export function evaluationOf<
  State extends { readonly [name: string]: Tree; inner: Inner },
  Inner extends Tree,
>(inner: Optimizer<Inner>): Pick<Optimizer<State>, "evaluationTheta"> {
  const { evaluationTheta } = passOn<State, Inner>(inner);
  return { ...(evaluationTheta !== undefined && { evaluationTheta }) };
}

/** Throws `OptionError` unless `given`, the option of this name or else the first argument, is an optimizer. */
export function requireOptimizer(where: string, given: unknown, option?: string): void {
  const { init, update } = (given ?? {}) as { init?: unknown; update?: unknown };
  if (typeof init === "function" && typeof update === "function") return;
  const written =
    option === undefined
      ? `${where}(sgd(), {…})`
      : option.startsWith("the ")
        ? "adam()"
        : `${option}: adam()`;
  const hints: Readonly<Record<string, string>> = {
    function: `Call it: ${(given as { name?: string } | undefined)?.name || "adam"}().`,
    string: `Optimizers are imported functions, not names: write ${written}.`,
  };
  throw new OptionError(where, option ?? "the first argument", given, "an optimizer", hints[typeof given] ?? `Write ${written}.`); // prettier-ignore
}

/**
 * Programs inside of programs that bring rules of their own for derivatives and mapping: what a user registered with
 * `customVjp`, `customJvp` or `linearSolve`. They are recorded as a nested program (`jit`) with the rules in its
 * parameters, so that whatever computes sees an ordinary program, and whatever differentiates or maps asks here.
 */
import { ShapeError } from "../errors.ts";
import { type DType, isFloat } from "./dtype.ts";
import {
  type Equation,
  type Jaxpr,
  type Params,
  type Raw,
  avalsOf,
  bind,
  classes,
  record,
} from "./jaxprs.ts";
import { type CustomRule, type Flat, customRuleOf } from "./customRule.ts";
import { isNamedFunction } from "./namedDerivatives.ts";
import { rules } from "./ruleTables.ts";
import { isZeroTangent } from "./zeroTangents.ts";

/** Whether a nested program must be kept as it is: its rules are not those of its equations. */
export function hasOwnRules(params: Params): boolean {
  return isNamedFunction(params) || customRuleOf(params) !== undefined;
}

/** Binds `fn` as one nested program with `custom` rules, which see `args` without the constants of the program. */
export function bindCustom(name: string, fn: Flat, args: readonly Raw[], custom: CustomRule): Raw[] {
  const { jaxpr, consts } = record(avalsOf(args), (...given) => fn(given));
  return bind("jit", [...consts, ...args], { name, jaxpr, numConsts: consts.length, custom });
}

/** Those inputs of a nested program with rules that its rules see. */
export const inputsOf = <T>(inputs: readonly T[], params: Params): T[] =>
  inputs.slice(params["numConsts"] as number);

function ownInputs(inputs: readonly Raw[], params: Params): Raw[] {
  for (const constant of inputs.slice(0, params["numConsts"] as number)) constant.dispose();
  return inputsOf(inputs, params);
}

/** Programs like `jaxpr` in which equations that are linear in their last inputs can be transposed as such. */
export function withLinearCalls(jaxpr: Jaxpr): Jaxpr {
  if (!jaxpr.eqns.some(({ primitive }) => primitive === "jit")) return jaxpr;
  const { Equation: EquationOf, Jaxpr: Program } = classes();
  const equations = jaxpr.eqns.map((equation: Equation): Equation => {
    if (equation.primitive !== "jit") return equation;
    const { inputs, outBinders } = equation;
    const params = equation.params as Params;
    const call = customRuleOf(params)?.linear;
    if (call !== undefined)
      return new EquationOf("linear_call", inputsOf(inputs, params), { call }, outBinders);
    const inner = withLinearCalls(params["jaxpr"] as Jaxpr);
    return new EquationOf("jit", inputs, { ...params, jaxpr: inner }, outBinders);
  });
  return new Program(jaxpr.inBinders, equations, jaxpr.outs);
}

/** Refuses a derivative with respect to what a function with rules closes over: it would be lost. */
export function requireStill(where: string, primals: readonly Raw[], tangents: readonly Raw[]): void {
  const moves = tangents.some((tangent, i) => isFloat(primals[i]!.dtype as DType) && !isZeroTangent(tangent));
  for (const raw of [...primals, ...tangents]) raw.dispose();
  if (!moves) return;
  throw new ShapeError(
    where,
    "the function closes over a value that is being differentiated, and its rule says nothing about that. " +
      "Pass the value as an argument, or use lax.stopGradient of it.",
  );
}

/** Called once, by the module of the functions that users register rules with. */
export function installCustomRules(): void {
  const push = rules.tangents["jit"]!;
  rules.tangents["jit"] = (primals, tangents, params) => {
    const rule = customRuleOf(params);
    if (rule === undefined) return push.call(rules.tangents, primals, tangents, params);
    const { name, numConsts } = params as { name: string; numConsts: number };
    requireStill(name, primals.slice(0, numConsts), tangents.slice(0, numConsts));
    return rule.push(inputsOf(primals, params), inputsOf(tangents, params));
  };
  const map = rules.batching["jit"]!;
  rules.batching["jit"] = (size, args, axes, params) => {
    const rule = customRuleOf(params);
    if (rule === undefined) return map.call(rules.batching, size, args, axes, params);
    const outs = rule.mapped(size, ownInputs(args, params), inputsOf(axes, params));
    return [outs, outs.map(() => 0)];
  };
}

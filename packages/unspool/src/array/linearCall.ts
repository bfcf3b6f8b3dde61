/**
 * `linear_call`: an equation that is linear in its last inputs and brings its transpose, for the reverse mode of functions
 * whose derivative is not made of their pieces. It stands between linearising and transposing only; what is computed is
 * what its forms record.
 */
import * as jax from "@jax-js/jax";
import { internalsOf, untypedJax } from "./jaxInternals.ts";
import {
  type Aval,
  type Params,
  type Raw,
  type Trace,
  avalsOf,
  bind,
  record,
  strong,
  traceOf,
} from "./jaxprs.ts";
import { type LinearCall, customRuleOf } from "./customRule.ts";
import { inputsOf } from "./customRules.ts";
import { inReverseMode, withSession } from "./lift.ts";
import { type BatchAxis, isKnown, rules } from "./ruleTables.ts";
import { mappedFlat } from "./scanBatch.ts";
import { pushForward } from "./scanTangents.ts";
import { willBeTransposed } from "./transposed.ts";

const callOf = (params: Params): LinearCall => params["call"] as LinearCall;

/** The outputs of `call`; as one equation where reverse mode will transpose it. */
export function linearCall(call: LinearCall, args: Raw[]): Raw[] {
  const isOneEquation = willBeTransposed(args.slice(call.numKnown));
  return isOneEquation ? bind("linear_call", args, { call }) : call.forward(args);
}

function push(primals: Raw[], tangents: Raw[], params: Params): [Raw[], Raw[]] {
  const { forward } = callOf(params);
  const closed = record(avalsOf(primals), (...args) => forward(args));
  const none = closed.consts.map(() => undefined);
  const [outs, slopes] = pushForward(closed.jaxpr, [...closed.consts, ...primals], [...none, ...tangents]);
  return [outs, outs.map((out, i) => slopes[i] ?? jax.numpy.zerosLike(out.ref))];
}

/** The same equation, mapped. A cotangent of what is shared is a sum. */
function map(size: number, args: Raw[], axes: BatchAxis[], params: Params): [Raw[], BatchAxis[]] {
  const results = bind("linear_call", args, { call: mappedCall(callOf(params), size, avalsOf(args), axes) });
  return [results, results.map(() => 0)];
}

export function mappedCall(call: LinearCall, size: number, avals: Aval[], axes: BatchAxis[]): LinearCall {
  const { name, numKnown, outs, forward, transposed } = call;
  const wide = outs.map((aval) => strong(aval, size));
  const known = { avals: avals.slice(0, numKnown), axes: axes.slice(0, numKnown) };
  const pull = mappedFlat(transposed, size, [...known.avals, ...wide], [...known.axes, ...outs.map(() => 0)]);
  return {
    name,
    numKnown,
    outs: wide,
    forward: mappedFlat(forward, size, avals, axes),
    transposed: (args) => pull(args).map((raw, i) => unmapped(raw, axes[numKnown + i]!)),
  };
}

export const zerosOf = (aval: Aval): Raw =>
  jax.numpy.zeros([...aval.shape], { dtype: aval.dtype as jax.DType });

/** A cotangent that is mapped along axis 0, for an input that was mapped along `axis`. */
export function unmapped(cotangent: Raw, axis: BatchAxis): Raw {
  if (axis === null) return cotangent.sum(0);
  return axis === 0 ? cotangent : jax.numpy.moveaxis(cotangent, 0, axis);
}

/** Reverse mode takes a nested program apart; one that is linear in what is unknown stays whole. */
function keepWhole(prototype: Trace): void {
  type Known = Raw & { readonly pval: { readonly isKnown: boolean } };
  const { processPrimitive } = prototype;
  prototype.processPrimitive = function (primitive, tracers, params) {
    const linear = primitive === "jit" ? customRuleOf(params)?.linear : undefined;
    if (linear === undefined) return processPrimitive.call(this, primitive, tracers, params);
    const inputs = inputsOf(tracers, params);
    const isKnown = (tracer: Raw) => (tracer as Known).pval.isKnown;
    const isLinear = inputs.slice(0, linear.numKnown).every(isKnown) && !inputs.every(isKnown);
    if (isLinear) return processPrimitive.call(this, "linear_call", inputs, { call: linear });
    return processPrimitive.call(this, primitive, tracers, params);
  };
}

/** Called once, by the module of the functions that users register rules with. */
export function installLinearCall(): void {
  rules.shapes["linear_call"] = (_avals, params) => [...callOf(params).outs];
  rules.evaluation["linear_call"] = (args, params) => callOf(params).forward(args);
  rules.tangents["linear_call"] = push;
  rules.batching["linear_call"] = map;
  rules.transposition["linear_call"] = (cotangents, args, params) => {
    const { numKnown, transposed } = callOf(params);
    const known = args.slice(0, numKnown).map((arg) => {
      if (isKnown(arg)) return arg;
      throw new Error("internal: a linear call is not linear in its first inputs");
    });
    const pulled = transposed([...known, ...cotangents]);
    return args.map((arg, i) => {
      if (i < numKnown) return null;
      const cotangent = pulled[i - numKnown]!;
      if (!isKnown(arg)) return cotangent;
      arg.dispose();
      cotangent.dispose();
      return null;
    });
  };
  withSession(() => keepWhole(partialEvaluation()));
}

/** The prototype of the interpreter that linearises for reverse mode. */
function partialEvaluation(): Trace {
  const found: Trace[] = [];
  const probe = (x: Raw): Raw => {
    found.push(Object.getPrototypeOf(traceOf(internalsOf(x).tangent)) as Trace);
    return x;
  };
  const [value, pull] = inReverseMode(() => untypedJax.vjp(probe, [jax.numpy.zeros([])])) as [
    Raw,
    (one: Raw) => Raw[],
  ];
  for (const raw of pull(jax.numpy.ones([]))) raw.dispose();
  value.dispose();
  return found[0]!;
}

/**
 * The transpose of a scan that is linear in some of its inputs: one scan in the other direction, which carries the
 * cotangents of the carry and the sums of those of the constants. What a step computes from known inputs is
 * computed again in each step of it.
 */
import * as jax from "@jax-js/jax";
import { UnspoolError } from "../errors.ts";
import type { LinearCall } from "./customRule.ts";
import { withLinearCalls } from "./customRules.ts";
import {
  type Atom,
  type Aval,
  Environment,
  type Equation,
  type Jaxpr,
  type Params,
  type Raw,
  avalsOf,
  bind,
  classes,
  isVariable,
  record,
  strong,
} from "./jaxprs.ts";
import { type Unknown, isKnown, isUnknown, rules, unknown } from "./ruleTables.ts";
import { type Parts, bindScan, bodyAvals, joined, partsOf, scanParams } from "./scanEquation.ts";

type Cotangent = Raw | undefined;

function zeros(aval: Aval): Raw {
  return jax.numpy.zeros([...aval.shape], { dtype: aval.dtype as jax.DType });
}

/**
 * Cotangents of the inputs that are undefined in `inputs`, in order; undefined where no output depends on them.
 * `jaxpr` must be linear in them.
 */
export function pullBack(
  jaxpr: Jaxpr,
  inputs: readonly (Raw | undefined)[],
  cotangents: readonly Cotangent[],
): Cotangent[] {
  const flat = flatWhereUnknown(withLinearCalls(jaxpr), inputs.map((raw) => raw !== undefined)); // prettier-ignore
  const known = new Environment();
  flat.inBinders.forEach((variable, i) => {
    const given = inputs[i];
    if (given !== undefined) known.write([variable], [given]);
  });
  const linear: Equation[] = [];
  for (const equation of flat.eqns) {
    if (equation.inputs.every((atom) => known.has(atom))) {
      const args = equation.inputs.map((atom) => known.read(atom));
      known.write(equation.outBinders, computed(equation, args));
    } else linear.push(equation);
  }
  const pulled = new Map<Atom, Raw>();
  const add = (atom: Atom, cotangent: Cotangent | null): void => {
    if (cotangent === undefined || cotangent === null) return;
    const before = pulled.get(atom);
    pulled.set(atom, before === undefined ? cotangent : before.add(cotangent));
  };
  flat.outs.forEach((atom, i) => {
    if (isVariable(atom) && !known.has(atom)) add(atom, cotangents[i]);
    else cotangents[i]?.dispose();
  });
  for (const equation of linear.toReversed()) {
    const outs = equation.outBinders.map((variable) => pulled.get(variable));
    if (outs.every((out) => out === undefined)) continue;
    const args = equation.inputs.map((atom) =>
      known.has(atom) ? known.read(atom) : unknown(atom.aval as Aval),
    );
    const given = outs.map((out, i) => out ?? zeros(equation.outBinders[i]!.aval));
    const results = ruleOf(equation.primitive)(given, args, equation.params as Params);
    for (const variable of equation.outBinders) pulled.delete(variable);
    equation.inputs.forEach((atom, i) => add(atom, results[i]));
  }
  known.dispose();
  return flat.inBinders.flatMap((variable, i) => (inputs[i] === undefined ? [pulled.get(variable)] : []));
}

/**
 * `jaxpr` without nested programs of which an input is unknown. Those of known inputs stay whole: what is computed again on
 * the way back then has the bits that it had on the way forward, and the rules of its own.
 */
function flatWhereUnknown(jaxpr: Jaxpr, isInputKnown: readonly boolean[]): Jaxpr {
  if (!jaxpr.eqns.some(({ primitive }) => primitive === "jit")) return jaxpr;
  const { Equation: EquationOf, Jaxpr: Program, Variable: VariableOf } = classes();
  const equations: Equation[] = [];
  const knownVariables = new Set<Atom>(jaxpr.inBinders.filter((_, i) => isInputKnown[i]));
  const isKnownAtom = (atom: Atom): boolean => !isVariable(atom) || knownVariables.has(atom);
  /** Writes the equations of `body`, whose variables are called by `names` here; gives the names of its outputs. */
  const write = (body: Jaxpr, names: Map<Atom, Atom>): Atom[] => {
    const nameOf = (atom: Atom): Atom => names.get(atom) ?? atom;
    for (const { primitive, inputs, params, outBinders } of body.eqns) {
      const given = inputs.map(nameOf);
      const isKnownWhole = given.every(isKnownAtom);
      if (primitive === "jit" && !isKnownWhole) {
        const { jaxpr: inner } = params as { jaxpr: Jaxpr };
        const outs = write(inner, new Map(inner.inBinders.map((variable, i) => [variable, given[i]!])));
        outBinders.forEach((variable, i) => names.set(variable, outs[i]!));
        continue;
      }
      const outs = body === jaxpr ? outBinders : outBinders.map(({ aval }) => new VariableOf(aval));
      outBinders.forEach((variable, i) => names.set(variable, outs[i]!));
      if (isKnownWhole) for (const variable of outs) knownVariables.add(variable);
      equations.push(new EquationOf(primitive, given, params as Params, outs));
    }
    return body.outs.map(nameOf);
  };
  const outs = write(jaxpr, new Map());
  return new Program(jaxpr.inBinders, equations, outs);
}

/** What is known is computed: of a linear function by its own program. */
function computed({ primitive, params }: Equation, args: Raw[]): Raw[] {
  const call = (params as { call?: LinearCall }).call;
  return call === undefined ? bind(primitive, args, params as Params) : call.forward(args);
}

function ruleOf(primitive: string): (typeof rules.transposition)[string] {
  const rule = rules.transposition[primitive];
  if (rule !== undefined) return rule;
  throw new UnspoolError(
    "UNSUPPORTED",
    `scan: reverse mode through ${primitive} is not implemented. Use forward mode (jvp, jacobian), or stopGradient.`,
    { primitive },
  );
}

/** The rule for `scan` in the table of jax-js. */
export function transposeScan(cotangents: Raw[], args: (Raw | Unknown)[], params: Params): (Raw | null)[] {
  const scan = scanParams(params);
  const inputs = partsOf(scan, args);
  // A carry that starts from a known value (zero) is linear all the same; nobody asks for its cotangent.
  inputs.carry.filter(isKnown).forEach((arg) => arg.dispose());
  const isLinear: Parts<boolean> = {
    consts: inputs.consts.map(isUnknown),
    carry: inputs.carry.map(() => true),
    xs: inputs.xs.map(isUnknown),
  };
  const linearMask = joined(isLinear);
  const knownConsts = inputs.consts.filter(isKnown);
  const knownXs = inputs.xs.filter(isKnown);
  const linearConsts = inputs.consts.filter(isUnknown);
  const { numCarry } = scan;
  const reversed: Parts<Raw> = {
    consts: knownConsts,
    carry: [...cotangents.slice(0, numCarry), ...linearConsts.map(({ aval }) => zeros(aval))],
    xs: [...knownXs, ...cotangents.slice(numCarry)],
  };
  const counts = { numConsts: reversed.consts.length, numCarry: reversed.carry.length };
  const avals = bodyAvals({
    consts: avalsOf(reversed.consts),
    carry: avalsOf(reversed.carry),
    xs: avalsOf(reversed.xs),
  });
  const body = record(avals, (...rows) => {
    const parts = partsOf({ ...scan, ...counts }, rows);
    const sums = parts.carry.slice(numCarry);
    const known = [...parts.consts, ...parts.xs.slice(0, knownXs.length)];
    const seeds = [...parts.carry.slice(0, numCarry), ...parts.xs.slice(knownXs.length)];
    const avalsIn = scan.jaxpr.inBinders.flatMap((variable, i) =>
      linearMask[i] === true ? [variable.aval] : [],
    );
    let next = 0;
    const given = linearMask.map((linear) => (linear ? undefined : known[next++]!));
    const pulled = pullBack(scan.jaxpr, given, seeds);
    const toConsts = pulled.slice(0, sums.length);
    const rest = pulled
      .slice(sums.length)
      .map((cotangent, i) => cotangent ?? zeros(strong(avalsIn[sums.length + i]!)));
    return [
      ...rest.slice(0, numCarry),
      ...sums.map((sum, i) => (toConsts[i] === undefined ? sum : sum.add(toConsts[i]))),
      ...rest.slice(numCarry),
    ];
  });
  const { length } = scan;
  const outs = bindScan(body, reversed, { length, reverse: !scan.reverse, checkpoints: length });
  const results = {
    consts: outs.slice(numCarry, counts.numCarry),
    carry: outs.slice(0, numCarry),
    xs: outs.slice(counts.numCarry),
  };
  const queue = (kind: "consts" | "xs") =>
    inputs[kind].map((arg) => (isUnknown(arg) ? results[kind].shift()! : null));
  const carry = inputs.carry.map((arg, i) => {
    if (isUnknown(arg)) return results.carry[i]!;
    results.carry[i]!.dispose();
    return null;
  });
  return [...queue("consts"), ...carry, ...queue("xs")];
}

/** The rule that jax-js lacks for conversions between float types. */
export function transposeCast([cotangent]: Raw[], [x]: (Raw | Unknown)[]): (Raw | null)[] {
  const { dtype } = (x as Unknown).aval;
  return bind("cast", [cotangent!], { dtype });
}

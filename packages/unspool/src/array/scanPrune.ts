/** Removes from the scans of a program what nobody reads: ys, carries, and inputs that only those needed. */
import { type Atom, type Equation, type Jaxpr, type Params, type Variable, classes, isVariable } from "./jaxprs.ts"; // prettier-ignore
import { type ScanParams, isScan, joined, partsOf, scanParams } from "./scanEquation.ts";

export function pruneScans(jaxpr: Jaxpr): Jaxpr {
  if (!jaxpr.eqns.some(isScan)) return jaxpr;
  const live = new Set<Atom>(jaxpr.outs.filter(isVariable));
  const kept: Equation[] = [];
  for (const equation of jaxpr.eqns.toReversed()) {
    if (!equation.outBinders.some((variable) => live.has(variable))) continue;
    const next = isScan(equation) ? pruned(equation, live) : equation;
    for (const atom of next.inputs) live.add(atom);
    kept.push(next);
  }
  return new (classes().Jaxpr)(jaxpr.inBinders, kept.toReversed(), jaxpr.outs);
}

/** Inputs, equations and outputs of a body that give the outputs marked in `isKept` only. */
function bodyFor(scan: ScanParams, isKept: readonly boolean[]): { body: Jaxpr; used: ReadonlySet<Atom> } {
  const { inBinders, eqns, outs } = scan.jaxpr;
  const whole = new (classes().Jaxpr)(
    inBinders,
    eqns,
    outs.filter((_, i) => isKept[i]),
  );
  const body = whole.simplify();
  return { body, used: new Set([...body.eqns.flatMap((equation) => equation.inputs), ...body.outs]) };
}

function pruned(equation: Equation, live: ReadonlySet<Atom>): Equation {
  const scan = scanParams(equation.params as Params);
  const { carry } = partsOf(scan, [...scan.jaxpr.inBinders]);
  let isKept = equation.outBinders.map((variable) => live.has(variable));
  let { body, used } = bodyFor(scan, isKept);
  // A carry stays if what stays needs it at the next step.
  for (;;) {
    const next = isKept.map((keeps, i) => keeps || (i < scan.numCarry && used.has(carry[i]!)));
    if (String(next) === String(isKept)) break;
    isKept = next;
    ({ body, used } = bodyFor(scan, isKept));
  }
  const binders = partsOf(scan, [...scan.jaxpr.inBinders]);
  const inputs = partsOf(scan, equation.inputs);
  const stays = (variable: Variable) => used.has(variable);
  const keeps = {
    consts: binders.consts.map(stays),
    carry: isKept.slice(0, scan.numCarry),
    xs: binders.xs.map(stays),
  };
  if (isKept.every(Boolean) && joined(keeps).every(Boolean)) return equation;
  const filtered = <T>(parts: { consts: T[]; carry: T[]; xs: T[] }) => ({
    consts: parts.consts.filter((_, i) => keeps.consts[i]),
    carry: parts.carry.filter((_, i) => keeps.carry[i]),
    xs: parts.xs.filter((_, i) => keeps.xs[i]),
  });
  const left = filtered(inputs);
  const { Equation: EquationClass, Jaxpr: JaxprClass } = classes();
  const params: ScanParams = {
    ...scan,
    jaxpr: new JaxprClass(joined(filtered(binders)), body.eqns, body.outs),
    numConsts: left.consts.length,
    numCarry: left.carry.length,
  };
  const outBinders = equation.outBinders.filter((_, i) => isKept[i]);
  return new EquationClass("scan", joined(left), params, outBinders);
}

/**
 * The equation of a loop, `scan`: its inputs are [...constants, ...carry, ...xs], its outputs [...carry, ...ys].
 * The body is a program from [...constants, ...carry, ...one row of each of xs] to [...carry, ...one row of each of
 * ys]; rows are taken, and stacked, along axis 0.
 */
import { customRuleOf } from "./customRule.ts";
import {
  type Aval,
  type Closed,
  type Equation,
  type Jaxpr,
  type Params,
  type Raw,
  bind,
  classes,
  isVariable,
  strong,
} from "./jaxprs.ts";

export type ScanParams = {
  /** The body. */
  readonly jaxpr: Jaxpr;
  readonly length: number;
  readonly numConsts: number;
  readonly numCarry: number;
  /** Rows are taken, and stacked, from the last to the first. */
  readonly reverse: boolean;
  /** How many carries reverse mode may keep between the forward and the backward loop; `length` for every step. */
  readonly checkpoints: number;
};

export function scanParams(params: Params): ScanParams {
  return params as ScanParams;
}

/** True for the equation of a loop, which jax-js does not know by name. */
export function isScan({ primitive }: Equation): boolean {
  return (primitive as string) === "scan";
}

/** Something per input of a scan, or per input of its body. */
export interface Parts<T> {
  consts: T[];
  carry: T[];
  xs: T[];
}

export function partsOf<T>({ numConsts, numCarry }: ScanParams, inputs: readonly T[]): Parts<T> {
  return {
    consts: inputs.slice(0, numConsts),
    carry: inputs.slice(numConsts, numConsts + numCarry),
    xs: inputs.slice(numConsts + numCarry),
  };
}

export function joined<T>({ consts, carry, xs }: Parts<T>): T[] {
  return [...consts, ...carry, ...xs];
}

/** Types of a body's inputs for the inputs of its scan. */
export function bodyAvals(inputs: Parts<Aval>): Aval[] {
  const row = (aval: Aval) => new (classes().Aval)(aval.shape.slice(1), aval.dtype, false);
  return [...inputs.consts, ...inputs.carry, ...inputs.xs.map(row)];
}

export interface ScanOptions {
  length: number;
  reverse: boolean;
  checkpoints: number;
}

/**
 * Binds a scan whose body was recorded for the arguments `args`; gives up the constants of the record, and
 * passes only those constants and xs on that the body uses.
 */
export function bindScan(body: Closed, args: Parts<Raw>, options: ScanOptions): Raw[] {
  const inputs: Parts<Raw> = { ...args, consts: [...body.consts, ...args.consts] };
  const { inBinders, eqns, outs } = body.jaxpr;
  const used = new Set([...eqns.flatMap((equation) => equation.inputs), ...outs]);
  const first = inputs.consts.length;
  const isKept = inBinders.map(
    (variable, i) => (i >= first && i < first + inputs.carry.length) || used.has(variable),
  );
  const keep = <T>(values: T[], offset: number): T[] => values.filter((_, i) => isKept[offset + i]);
  joined(inputs).forEach((raw, i) => {
    if (isKept[i] !== true) raw.dispose();
  });
  const kept: Parts<Raw> = {
    consts: keep(inputs.consts, 0),
    carry: inputs.carry,
    xs: keep(inputs.xs, first + inputs.carry.length),
  };
  const params: ScanParams = {
    jaxpr: new (classes().Jaxpr)(keep([...inBinders], 0), eqns, outs),
    numConsts: kept.consts.length,
    numCarry: kept.carry.length,
    ...options,
  };
  return bind("scan", joined(kept), params);
}

/** Types of the outputs of a scan; throws where its inputs do not fit its body. */
export function scanShapes(avals: readonly Aval[], params: Params): Aval[] {
  const scan = scanParams(params);
  const wanted = scan.jaxpr.inBinders.map((variable) => variable.aval);
  const given = bodyAvals(partsOf(scan, [...avals]));
  const fits = (a: Aval, b: Aval) => a.dtype === b.dtype && String(a.shape) === String(b.shape);
  if (wanted.length !== given.length || !wanted.every((aval, i) => fits(aval, given[i]!))) {
    throw new Error(`internal: a scan of (${wanted.join(", ")}) was given rows (${given.join(", ")})`);
  }
  return scan.jaxpr.outs.map((atom, i) =>
    strong(atom.aval as Aval, i < scan.numCarry ? undefined : scan.length),
  );
}

/**
 * Which values of a program, or outputs of a scan, depend on what is marked. `mayPass` says for an equation that is
 * neither a program nor a scan, and for the type of an output, whether a mark goes through.
 */
export function marksThrough(
  jaxpr: Jaxpr,
  marks: readonly boolean[],
  mayPass: (primitive: string, out: Aval) => boolean,
): boolean[] {
  const marked = new Set<unknown>(jaxpr.inBinders.filter((_, i) => marks[i]));
  for (const equation of jaxpr.eqns) {
    const inputs = equation.inputs.map((atom) => marked.has(atom));
    if (!inputs.includes(true)) continue;
    const outs = marksOfOutputs(equation, inputs, mayPass);
    equation.outBinders.forEach((variable, i) => {
      if (outs[i] === true) marked.add(variable);
    });
  }
  return jaxpr.outs.map((atom) => isVariable(atom) && marked.has(atom));
}

function marksOfOutputs(
  equation: Equation,
  inputs: boolean[],
  mayPass: (primitive: string, out: Aval) => boolean,
): boolean[] {
  const { primitive, params, outBinders } = equation;
  if (isScan(equation)) {
    const scan = scanParams(params as Params);
    const { carry, ys } = scanMarks(scan, inputs, mayPass);
    return [...carry, ...ys];
  }
  const isPlain = customRuleOf(params as Params) === undefined;
  if (primitive === "jit" && isPlain)
    return marksThrough((params as { jaxpr: Jaxpr }).jaxpr, inputs, mayPass);
  // A rule of one's own may give a derivative where its pieces have none.
  return outBinders.map((variable) => mayPass(primitive, variable.aval));
}

/** Which carries are marked at some step, and which ys, if the inputs marked in `inputs` are. */
export function scanMarks(
  scan: ScanParams,
  inputs: readonly boolean[],
  mayPass: (primitive: string, out: Aval) => boolean,
): { carry: boolean[]; ys: boolean[] } {
  const parts = partsOf(scan, inputs);
  let { carry } = parts;
  for (;;) {
    const outs = marksThrough(scan.jaxpr, joined({ ...parts, carry }), mayPass);
    const next = carry.map((isMarked, i) => isMarked || outs[i] === true);
    if (String(next) === String(carry)) return { carry, ys: outs.slice(scan.numCarry) };
    carry = next;
  }
}

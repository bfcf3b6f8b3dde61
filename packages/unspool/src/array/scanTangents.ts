/**
 * Forward derivatives of programs with loops.
 *
 * In forward mode the derivative of a scan is one scan that carries values and tangents together. In reverse mode
 * it is two: a scan of the values, which keeps the carry before each step, and a scan that is linear in the
 * tangents and recomputes each step from the carry that was kept; the second one is what is transposed. With fewer
 * checkpoints than steps the loop becomes a loop over segments first, of which only the first carries are kept.
 *
 * Tangents that are known to be zero are undefined here: constants, integers, and what comes from them only.
 */
import { type DType, isFloat } from "./dtype.ts";
import { hasOwnRules } from "./customRules.ts";
import {
  type Aval,
  type Closed,
  Environment,
  type Jaxpr,
  type Params,
  type Raw,
  avalsOf,
  bind,
  evaluate,
  isVariable,
  record,
} from "./jaxprs.ts";

import { rules } from "./ruleTables.ts";
import { type Parts, type ScanParams, bindScan, bodyAvals, joined, partsOf, scanMarks, scanParams } from "./scanEquation.ts"; // prettier-ignore
import { segmented } from "./scanSegments.ts";
import { inTransposedBody, willBeTransposed } from "./transposed.ts";
import { flatPrimitives, zeroFor } from "./zeroTangents.ts";

type Tangent = Raw | undefined;

function passesTangents(primitive: string, out: Aval): boolean {
  return !flatPrimitives.has(primitive) && isFloat(out.dtype as DType);
}

/** A tangent as an array. */
function instantiated(primal: Raw, tangent: Tangent): Raw {
  return tangent ?? zeroFor(primal);
}

/** Values and tangents of a program's outputs. */
export function pushForward(
  jaxpr: Jaxpr,
  primals: readonly Raw[],
  tangents: readonly Tangent[],
): [Raw[], Tangent[]] {
  const values = new Environment();
  const slopes = new Environment();
  values.write(jaxpr.inBinders, primals);
  const writeSlopes = (variables: Jaxpr["inBinders"], given: readonly Tangent[]) =>
    variables.forEach((variable, i) => {
      if (given[i] !== undefined) slopes.write([variable], [given[i]]);
    });
  const readSlope = (atom: Jaxpr["outs"][number]): Tangent =>
    isVariable(atom) && slopes.has(atom) ? slopes.read(atom) : undefined;
  writeSlopes(jaxpr.inBinders, tangents);
  for (const { primitive, inputs, params, outBinders } of jaxpr.eqns) {
    const primalsIn = inputs.map((atom) => values.read(atom));
    const tangentsIn = inputs.map(readSlope);
    const [outs, outSlopes] = pushEquation(primitive, primalsIn, tangentsIn, params as Params);
    values.write(outBinders, outs);
    writeSlopes(outBinders, outSlopes);
  }
  const outs = jaxpr.outs.map((atom) => values.read(atom));
  const outSlopes = jaxpr.outs.map(readSlope);
  values.dispose();
  slopes.dispose();
  return [outs, outSlopes];
}

function pushEquation(
  primitive: string,
  primals: Raw[],
  tangents: Tangent[],
  params: Params,
): [Raw[], Tangent[]] {
  if (flatPrimitives.has(primitive) || tangents.every((tangent) => tangent === undefined)) {
    for (const tangent of tangents) tangent?.dispose();
    return [bind(primitive, primals, params), []];
  }
  if (primitive === "scan") return pushScan(primals, tangents, scanParams(params));
  // The rule of jax-js for programs keeps what it derives forever.
  if (primitive === "jit" && !hasOwnRules(params))
    return pushForward((params as { jaxpr: Jaxpr }).jaxpr, primals, tangents);
  const rule = rules.tangents[primitive];
  if (rule === undefined) throw new Error(`internal: no derivative of ${primitive}`);
  const [outs, slopes] = rule(
    primals,
    tangents.map((tangent, i) => instantiated(primals[i]!, tangent)),
    params,
  );
  const kept = slopes.map((slope, i) => {
    if (isFloat(outs[i]!.dtype as DType)) return slope;
    slope.dispose();
    return undefined;
  });
  return [outs, kept];
}

/** The derivative of a scan; see the head of this file. */
export function pushScan(primals: Raw[], tangents: Tangent[], scan: ScanParams): [Raw[], Tangent[]] {
  if (tangents.every((tangent) => tangent === undefined)) {
    return [bind("scan", primals, scan), []];
  }
  const isTransposed = willBeTransposed(tangents);
  if (isTransposed && scan.checkpoints < scan.length) {
    const nested = record(avalsOf(primals), (...args) => segmented(args, scan));
    const none: Tangent[] = nested.consts.map(() => undefined);
    return pushForward(nested.jaxpr, [...nested.consts, ...primals], [...none, ...tangents]);
  }
  const marks = tangents.map((tangent) => tangent !== undefined);
  const moving = scanMarks(scan, marks, passesTangents);
  const inputs = partsOf(scan, primals);
  const given = partsOf(scan, tangents);
  const slopes: Parts<Tangent> = {
    ...given,
    carry: given.carry.map((tangent, i) =>
      moving.carry[i] === true ? instantiated(inputs.carry[i]!, tangent) : tangent,
    ),
  };
  const isMoving = [...moving.carry, ...moving.ys];
  const outs = isTransposed
    ? apart(inputs, slopes, isMoving, scan)
    : together(inputs, slopes, isMoving, scan);
  let next = 0;
  return [outs.values, isMoving.map((moves) => (moves ? outs.slopes[next++] : undefined))];
}

interface Pushed {
  values: Raw[];
  /** Of the outputs that move. */
  slopes: Raw[];
}

const present = (tangents: readonly Tangent[]): Raw[] => tangents.filter((tangent) => tangent !== undefined);

/** A recorder's arguments: rows of values, and of the tangents that are present. */
function bodyPush(
  scan: ScanParams,
  slopes: Parts<Tangent>,
  isMoving: readonly boolean[],
  values: Raw[],
  given: Raw[],
): { outs: Raw[]; slopes: Raw[] } {
  let next = 0;
  const tangents = joined(slopes).map((tangent) => (tangent === undefined ? undefined : given[next++]!));
  const [outs, outSlopes] = pushForward(scan.jaxpr, values, tangents);
  const moved = outs.flatMap((out, i) => {
    if (isMoving[i] === true) return [instantiated(out, outSlopes[i])];
    if (outSlopes[i] !== undefined) throw new Error("internal: a tangent where none was expected");
    return [];
  });
  return { outs, slopes: moved };
}

/** One scan of values and tangents. */
function together(
  inputs: Parts<Raw>,
  slopes: Parts<Tangent>,
  isMoving: readonly boolean[],
  scan: ScanParams,
): Pushed {
  const args: Parts<Raw> = {
    consts: [...inputs.consts, ...present(slopes.consts)],
    carry: [...inputs.carry, ...present(slopes.carry)],
    xs: [...inputs.xs, ...present(slopes.xs)],
  };
  const counts = { numConsts: args.consts.length, numCarry: args.carry.length };
  const body = recordRows(args, (...rows) => {
    const parts = partsOf({ ...scan, ...counts }, rows);
    const values = (kind: keyof Parts<Raw>) => parts[kind].slice(0, inputs[kind].length);
    const tangents = (kind: keyof Parts<Raw>) => parts[kind].slice(inputs[kind].length);
    const pushed = bodyPush(
      scan,
      slopes,
      isMoving,
      [...values("consts"), ...values("carry"), ...values("xs")],
      [...tangents("consts"), ...tangents("carry"), ...tangents("xs")],
    );
    const { numCarry } = scan;
    const numMoving = present(slopes.carry).length;
    return [
      ...pushed.outs.slice(0, numCarry),
      ...pushed.slopes.slice(0, numMoving),
      ...pushed.outs.slice(numCarry),
      ...pushed.slopes.slice(numMoving),
    ];
  });
  const outs = bindScan(body, args, scanOptions(scan));
  const numMoving = present(slopes.carry).length;
  const numYs = scan.jaxpr.outs.length - scan.numCarry;
  const rest = outs.slice(scan.numCarry + numMoving);
  return {
    values: [...outs.slice(0, scan.numCarry), ...rest.slice(0, numYs)],
    slopes: [...outs.slice(scan.numCarry, scan.numCarry + numMoving), ...rest.slice(numYs)],
  };
}

/** A scan of the values that keeps the carries, and one of the tangents that is linear in them. */
function apart(
  inputs: Parts<Raw>,
  slopes: Parts<Tangent>,
  isMoving: readonly boolean[],
  scan: ScanParams,
): Pushed {
  const { numCarry, numConsts } = scan;
  const keeping = recordRows(inputs, (...rows) => {
    const kept = rows.slice(numConsts, numConsts + numCarry).map((raw) => raw.ref);
    return [...evaluate(scan.jaxpr, rows), ...kept];
  });
  const numOuts = scan.jaxpr.outs.length;
  const outs = bindScan(keeping, mapParts(inputs, (raw) => raw.ref), scanOptions(scan)); // prettier-ignore
  for (const raw of inputs.carry) raw.dispose();
  const args: Parts<Raw> = {
    consts: [...inputs.consts, ...present(slopes.consts)],
    carry: present(slopes.carry),
    xs: [...outs.slice(numOuts), ...inputs.xs, ...present(slopes.xs)],
  };
  const counts = { numConsts: args.consts.length, numCarry: args.carry.length };
  const linear = recordRows(args, (...rows) => {
    const parts = partsOf({ ...scan, ...counts }, rows);
    const numKnown = numCarry + inputs.xs.length;
    const values = [...parts.consts.slice(0, numConsts), ...parts.xs.slice(0, numKnown)];
    const given = [...parts.consts.slice(numConsts), ...parts.carry, ...parts.xs.slice(numKnown)];
    const pushed = inTransposedBody(() => bodyPush(scan, slopes, isMoving, values, given));
    for (const out of pushed.outs) out.dispose();
    return pushed.slopes;
  });
  return { values: outs.slice(0, numOuts), slopes: bindScan(linear, args, scanOptions(scan)) };
}

function scanOptions({ length, reverse }: ScanParams): {
  length: number;
  reverse: boolean;
  checkpoints: number;
} {
  return { length, reverse, checkpoints: length };
}

function recordRows(args: Parts<Raw>, fn: (...rows: Raw[]) => Raw[]): Closed {
  return record(bodyAvals(mapParts(args, (raw) => avalsOf([raw])[0]!)), fn);
}

function mapParts<T, U>({ consts, carry, xs }: Parts<T>, fn: (value: T) => U): Parts<U> {
  return { consts: consts.map(fn), carry: carry.map(fn), xs: xs.map(fn) };
}

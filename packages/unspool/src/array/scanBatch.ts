/** Mapping of programs with loops: a scan of which some inputs are mapped is one scan of mapped rows. */
import { hasOwnRules } from "./customRules.ts";
import {
  type Atom,
  type Aval,
  Environment,
  type Jaxpr,
  type Params,
  type Raw,
  avalsOf,
  bind,
  classes,
  isVariable,
  record,
} from "./jaxprs.ts";
import { atAxis } from "./frontAxis.ts";
import { type BatchAxis, rules } from "./ruleTables.ts";
import { bindScan, bodyAvals, joined, partsOf, scanMarks, scanParams } from "./scanEquation.ts";

/** Every type of value can be mapped, by every equation. */
const always = (): boolean => true;

/** Outputs of `jaxpr` for values mapped along `axes`, with the axes along which they are mapped. */
function mapped(
  jaxpr: Jaxpr,
  size: number,
  args: readonly Raw[],
  axes: readonly BatchAxis[],
): [Raw[], BatchAxis[]] {
  const values = new Environment();
  const axisOf = new Map<Atom, BatchAxis>();
  values.write(jaxpr.inBinders, args);
  jaxpr.inBinders.forEach((variable, i) => axisOf.set(variable, axes[i]!));
  const read = (atom: Atom): BatchAxis => (isVariable(atom) ? axisOf.get(atom)! : null);
  for (const { primitive, inputs, params, outBinders } of jaxpr.eqns) {
    const given = inputs.map((atom) => values.read(atom));
    const [outs, outAxes] = mapEquation(primitive, size, given, inputs.map(read), params as Params);
    values.write(outBinders, outs);
    outBinders.forEach((variable, i) => axisOf.set(variable, outAxes[i]!));
  }
  const outs = jaxpr.outs.map((atom) => values.read(atom));
  values.dispose();
  return [outs, jaxpr.outs.map(read)];
}

function mapEquation(
  primitive: string,
  size: number,
  args: Raw[],
  axes: BatchAxis[],
  params: Params,
): [Raw[], BatchAxis[]] {
  if (axes.every((axis) => axis === null)) {
    const outs = bind(primitive, args, params);
    return [outs, outs.map(() => null)];
  }
  // The rule of jax-js for programs keeps what it derives forever.
  if (primitive === "jit" && !hasOwnRules(params))
    return mapped((params as { jaxpr: Jaxpr }).jaxpr, size, args, axes);
  const rule = rules.batching[primitive];
  if (rule === undefined) throw new Error(`internal: no rule to map ${primitive}`);
  return rule(size, args, axes, params);
}

/** The rule for `scan` in the table of jax-js. */
export function mapScan(size: number, args: Raw[], axes: BatchAxis[], params: Params): [Raw[], BatchAxis[]] {
  const scan = scanParams(params);
  const isMapped = axes.map((axis) => axis !== null);
  const marks = scanMarks(scan, isMapped, always);
  const inputs = partsOf(scan, args);
  const given = partsOf(scan, axes);
  const rowAxes = {
    consts: given.consts.map((axis) => (axis === null ? null : 0)),
    carry: marks.carry.map((mapped) => (mapped ? 0 : null)),
    xs: given.xs.map((axis) => (axis === null ? null : 0)),
  };
  const moved = {
    consts: inputs.consts.map((raw, i) =>
      given.consts[i] === null ? raw : atAxis(raw, given.consts[i]!, 0, size),
    ),
    carry: inputs.carry.map((raw, i) =>
      marks.carry[i] === true ? atAxis(raw, given.carry[i]!, 0, size) : raw,
    ),
    // Axis 0 holds the rows.
    xs: inputs.xs.map((raw, i) => (given.xs[i] === null ? raw : atAxis(raw, given.xs[i]!, 1, size))),
  };
  const isOutMapped = [...marks.carry, ...marks.ys];
  const avals: Aval[] = bodyAvals({
    consts: avalsOf(moved.consts),
    carry: avalsOf(moved.carry),
    xs: avalsOf(moved.xs),
  });
  const body = record(avals, (...rows) => {
    const [outs, outAxes] = mapped(scan.jaxpr, size, rows, joined<BatchAxis>(rowAxes));
    return outs.map((raw, i) => (isOutMapped[i] === true ? atAxis(raw, outAxes[i]!, 0, size) : raw));
  });
  const { length, reverse, checkpoints } = scan;
  const outs = bindScan(body, moved, { length, reverse, checkpoints });
  const outAxes = outs.map((_, i) => (isOutMapped[i] !== true ? null : i < scan.numCarry ? 0 : 1));
  return [outs, outAxes];
}

/**
 * `fn` mapped: a function of arguments mapped along `axes`, whose results are mapped along axis 0. `avals` are those of the
 * mapped arguments.
 */
export function mappedFlat(
  fn: (args: Raw[]) => Raw[],
  size: number,
  avals: readonly Aval[],
  axes: readonly BatchAxis[],
): (args: Raw[]) => Raw[] {
  const single = avals.map((aval, i) => {
    const axis = axes[i]!;
    return axis === null ? aval : new (classes().Aval)(aval.shape.toSpliced(axis, 1), aval.dtype, false);
  });
  return (args) => {
    const { jaxpr, consts } = record(single, (...rows) => fn(rows));
    const shared = consts.map(() => null);
    const [outs, outAxes] = mapped(jaxpr, size, [...consts, ...args], [...shared, ...axes]);
    return outs.map((raw, i) => atAxis(raw, outAxes[i]!, 0, size));
  };
}

/**
 * Reference semantics of loops: jax-js has no loop in its programs, so a program with scans is run piece by piece,
 * the stretches between scans as programs of jax-js, and a scan as a JavaScript loop over its compiled body.
 */
import { type Device, download, onDevice, upload } from "./backend.ts";
import { type DType, allocate } from "./dtype.ts";
import {
  Environment,
  type Equation,
  type Jaxpr,
  type Params,
  type Raw,
  type Variable,
  classes,
  evaluate,
  isVariable,
  record,
  strong,
} from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";
import { type ScanParams, isScan, partsOf, scanParams } from "./scanEquation.ts";

/** A stretch of a program without scans, or one scan, with the variables that nothing reads after it. */
interface Piece {
  run: (env: Environment) => void;
  lastUses: Variable[];
}

type RunProgram = (args: Raw[], params: Params) => Raw[];

/** True if a scan is among the equations of `jaxpr`, or of a program in it. */
export function hasScan(jaxpr: Jaxpr): boolean {
  const known = withScan.get(jaxpr);
  if (known !== undefined) return known;
  const found = jaxpr.eqns.some(
    (equation) =>
      isScan(equation) ||
      (equation.primitive === "jit" && hasScan((equation.params as { jaxpr: Jaxpr }).jaxpr)),
  );
  withScan.set(jaxpr, found);
  return found;
}

const withScan = new WeakMap<Jaxpr, boolean>();
const plans = new WeakMap<Jaxpr, { jaxpr: Jaxpr; pieces: Piece[] }>();

/** Runs a program with scans; `runPlain` runs those without. Consumes one reference of each argument. */
export function runWithScans(jaxpr: Jaxpr, args: Raw[], runPlain: RunProgram): Raw[] {
  let plan = plans.get(jaxpr);
  if (plan === undefined) {
    const flat = jaxpr.flatten().simplify();
    plan = { jaxpr: flat, pieces: piecesOf(flat, runPlain) };
    plans.set(jaxpr, plan);
  }
  const env = new Environment();
  env.write(plan.jaxpr.inBinders, args);
  for (const { run, lastUses } of plan.pieces) {
    run(env);
    for (const variable of lastUses) env.drop(variable);
  }
  const outs = plan.jaxpr.outs.map((atom) => env.read(atom));
  env.dispose();
  return outs;
}

function piecesOf(jaxpr: Jaxpr, runPlain: RunProgram): Piece[] {
  const stretches: Equation[][] = [];
  let isOpen = false;
  for (const equation of jaxpr.eqns) {
    if (isScan(equation) || !isOpen) stretches.push([equation]);
    else stretches.at(-1)!.push(equation);
    isOpen = !isScan(equation);
  }
  // From the end, because a stretch hands on what is read later.
  const later = new Set(jaxpr.outs.filter(isVariable));
  const pieces: Piece[] = [];
  for (const equations of stretches.toReversed()) {
    const made = new Set(equations.flatMap((equation) => equation.outBinders));
    const read = [...new Set(equations.flatMap((equation) => equation.inputs.filter(isVariable)))];
    const outs = [...made].filter((variable) => later.has(variable));
    const inputs = read.filter((variable) => !made.has(variable));
    const unused = isScan(equations[0]!) ? [...made].filter((v) => !later.has(v)) : [];
    const lastUses = [...inputs.filter((variable) => !later.has(variable)), ...unused];
    pieces.push({ run: runOf(equations, inputs, outs, runPlain), lastUses });
    for (const variable of inputs) later.add(variable);
  }
  return pieces.toReversed();
}

function runOf(
  equations: Equation[],
  inputs: Variable[],
  outs: Variable[],
  runPlain: RunProgram,
): Piece["run"] {
  const [first] = equations as [Equation];
  if (isScan(first)) {
    return (env) => {
      const args = first.inputs.map((atom) => env.read(atom));
      env.write(first.outBinders, runScan(args, scanParams(first.params as Params), runPlain));
    };
  }
  const jaxpr = new (classes().Jaxpr)(inputs, equations, outs);
  const params = { name: "stretch", jaxpr, numConsts: 0 };
  return (env) => {
    const args = inputs.map((variable) => env.read(variable));
    env.write(outs, runPlain(args, params));
  };
}

const steps = new WeakMap<Jaxpr, Jaxpr>();

/**
 * The body as a program of the whole xs and the number of the row, so that one compiled program serves every step.
 * The number comes in an array of two, because jax-js compiles arrays of equal elements into the program.
 */
function stepOf(scan: ScanParams): Jaxpr {
  const known = steps.get(scan.jaxpr);
  if (known !== undefined) return known;
  const { numConsts, numCarry, length } = scan;
  const first = numConsts + numCarry;
  const avals = scan.jaxpr.inBinders.map(({ aval }, i) => strong(aval, i < first ? undefined : length));
  const counter = new (classes().Aval)([2], "int32", false);
  const { jaxpr, consts } = record([counter, ...avals], (pair, ...inputs) => {
    const row = pair!.slice(0);
    const rows = inputs.slice(first).map((x) => x.slice(row.ref));
    row.dispose();
    return evaluate(scan.jaxpr, [...inputs.slice(0, first), ...rows]);
  });
  if (consts.length > 0) throw new Error("internal: the body of a scan closes over arrays");
  steps.set(scan.jaxpr, jaxpr);
  return jaxpr;
}

function runScan(args: Raw[], scan: ScanParams, runPlain: RunProgram): Raw[] {
  const { length, numCarry, reverse } = scan;
  const { consts, carry: start, xs } = partsOf(scan, args);
  const params = { name: "step", jaxpr: stepOf(scan), numConsts: 0 };
  const ys = scan.jaxpr.outs.slice(numCarry).map(({ aval }) => {
    const size = aval.shape.reduce((product, n) => product * n, 1);
    const dtype = aval.dtype as DType;
    return { shape: [length, ...aval.shape], dtype, size, data: allocate(dtype, length * size) };
  });
  let carry = start;
  for (let i = 0; i < length; i++) {
    const row = reverse ? length - 1 - i : i;
    const kept = [...consts, ...xs].map((raw) => raw.ref);
    const counter = upload(Int32Array.of(row, ~row), [2], "int32", false);
    const outs = runPlain(
      [counter, ...kept.slice(0, consts.length), ...carry, ...kept.slice(consts.length)],
      params,
    );
    carry = outs.slice(0, numCarry);
    ys.forEach((y, j) => y.data.set(download(outs[numCarry + j]!), row * y.size));
    // Without a read the queue of jax-js grows, and it slows down superlinearly.
    if (ys.length === 0 && carry.length > 0) download(smallest(carry).ref);
  }
  for (const raw of [...consts, ...xs]) raw.dispose();
  return [...carry, ...ys.map((y) => upload(y.data, y.shape, y.dtype, false))];
}

function smallest(raws: readonly Raw[]): Raw {
  return raws.reduce((best, raw) => (raw.size < best.size ? raw : best));
}

/** `scan` computed on arrays, outside of any program. */
export function evaluateScan(args: Raw[], params: Params): Raw[] {
  const device = (args[0] as { device?: Device } | undefined)?.device ?? "wasm";
  const run = rules.evaluation["jit"]!;
  return onDevice(device, () => runScan(args, scanParams(params), run));
}

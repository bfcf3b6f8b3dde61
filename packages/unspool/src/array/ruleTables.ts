/**
 * The tables in which jax-js 0.1.25 keeps its rules per primitive, so that a primitive of our own can stand in them.
 *
 * The tables are constants of its module and nothing hands them out. But a rule is looked up by name in a plain
 * object: while one look-up of a name that no table has is provoked, a getter of that name stands on
 * `Object.prototype`, and its receiver is the table. It is gone before any other code runs. A version of jax-js with
 * primitives of its users needs none of this.
 */
import * as jax from "@jax-js/jax";
// The device must have been opened before anything is traced.
import "./backend.ts";
import { type Aval, type Params, type Raw, traceOf } from "./jaxprs.ts";
import { repairTraceStack } from "./repairs.ts";

/** Stands for an input whose cotangent is wanted. */
export interface Unknown {
  readonly aval: Aval;
}

/** An axis of a value along which it is mapped; null for a value that all share. */
export type BatchAxis = number | null;

type Table<Rule> = Record<string, Rule>;
type ShapeRule = (avals: readonly Aval[], params: Params) => Aval[];
type EvaluateRule = (args: Raw[], params: Params) => Raw[];
type TangentRule = (primals: Raw[], tangents: Raw[], params: Params) => [Raw[], Raw[]];
type BatchRule = (size: number, args: Raw[], axes: BatchAxis[], params: Params) => [Raw[], BatchAxis[]];
type TransposeRule = (cotangents: Raw[], args: (Raw | Unknown)[], params: Params) => (Raw | null)[];

const probe = "unspool.probe";

/** The table in which `provoke` makes jax-js look up the probe, for which it is given `rule`. */
function tableBehind<Rule>(rule: Rule, provoke: () => void): Table<Rule> {
  const holder = Object.prototype as Record<string, unknown>;
  const found: Table<Rule>[] = [];
  Object.defineProperty(holder, probe, {
    configurable: true,
    get(this: Table<Rule>) {
      found.push(this);
      return rule;
    },
  });
  try {
    provoke();
  } finally {
    delete holder[probe];
  }
  const [table] = found;
  if (table === undefined) throw new Error("internal: this version of jax-js keeps its rules elsewhere");
  return table;
}

const visit = (x: Raw): Raw => traceOf(x).processPrimitive(probe, [x], {})[0]!;
const one = (): Raw => jax.numpy.ones([1]);

const shapes = tableBehind<ShapeRule>(
  (avals) => [...avals],
  () => jax.makeJaxpr(visit)(one()).jaxpr.dispose(),
);
const evaluation = tableBehind<EvaluateRule>(
  (args) => args,
  () => visit(one()).dispose(),
);
const tangents = tableBehind<TangentRule>(
  (primals, tangentsIn) => [primals, tangentsIn],
  () => jax.jvp(visit, [one()], [one()]).forEach((raw) => (raw as Raw).dispose()),
);
const batching = tableBehind<BatchRule>(
  (_size, args, axes) => [args, axes],
  () => (jax.vmap(visit)(one()) as Raw).dispose(),
);

let unknownClass: new (aval: Aval) => Unknown;

const transposition = ((): Table<TransposeRule> => {
  // A linear equation with the probe as its primitive, for which the other tables need an entry for a moment.
  shapes[probe] = (avals) => [...avals];
  tangents[probe] = (primals, tangentsIn) => [
    primals,
    traceOf(tangentsIn[0]!).processPrimitive(probe, tangentsIn, {}),
  ];
  try {
    const rule: TransposeRule = (cotangents, args) => {
      unknownClass = args[0]!.constructor as typeof unknownClass;
      return cotangents;
    };
    return tableBehind<TransposeRule>(rule, () => {
      const [value, pull] = jax.vjp(visit, [one()]);
      for (const raw of pull(one())) raw.dispose();
      value.dispose();
    });
  } finally {
    delete shapes[probe];
    delete tangents[probe];
    repairTraceStack();
  }
})();

/** The rules of jax-js per primitive. */
export const rules: {
  shapes: Table<ShapeRule>;
  evaluation: Table<EvaluateRule>;
  tangents: Table<TangentRule>;
  batching: Table<BatchRule>;
  transposition: Table<TransposeRule>;
} = { shapes, evaluation, tangents, batching, transposition };

export function unknown(aval: Aval): Unknown {
  return new unknownClass(aval);
}

export function isUnknown(arg: Raw | Unknown): arg is Unknown {
  return arg instanceof unknownClass;
}

export function isKnown(arg: Raw | Unknown): arg is Raw {
  return !isUnknown(arg);
}

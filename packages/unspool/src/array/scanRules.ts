/** Makes `scan` a primitive of jax-js: its rules, entered in the tables of `ruleTables.ts`. */
import * as jax from "@jax-js/jax";
import { type DType, isFloat } from "./dtype.ts";
import { internalsOf } from "./jaxInternals.ts";
import { type Jaxpr, type Params, type Raw, traceOf } from "./jaxprs.ts";
import { repairRules } from "./ruleRepairs.ts";
import { rules } from "./ruleTables.ts";
import { mapScan } from "./scanBatch.ts";
import { scanParams, scanShapes } from "./scanEquation.ts";
import { evaluateScan, hasScan, runWithScans } from "./scanReference.ts";
import { flatPrimitives, pushScan } from "./scanTangents.ts";
import { transposeCast, transposeScan } from "./scanTranspose.ts";

/** Tangents that are known to be zero: of constants, of what has no derivative, and of scans that do not move. */
const zeroTangents = new WeakSet<Raw>();

function zeroFor(primal: Raw): Raw {
  const zero = jax.numpy.zerosLike(primal.ref);
  zeroTangents.add(zero);
  return zero;
}

/** Lets zero tangents be recognised, so that loops need not carry them. */
function noteZeroTangents(): void {
  jax
    .jvp(
      (x: Raw) => {
        const prototype = Object.getPrototypeOf(traceOf(x)) as { lift(value: Raw): Raw };
        const { lift } = prototype;
        prototype.lift = function (value) {
          const lifted = lift.call(this, value);
          zeroTangents.add(internalsOf(lifted).tangent);
          return lifted;
        };
        return x;
      },
      [jax.numpy.zeros([])],
      [jax.numpy.zeros([])],
    )
    .forEach((raw) => (raw as Raw).dispose());
  for (const primitive of flatPrimitives) {
    const rule = rules.tangents[primitive];
    if (rule === undefined) continue;
    rules.tangents[primitive] = (primals, tangents, params) => {
      const [outs, slopes] = rule(primals, tangents, params);
      for (const slope of slopes) zeroTangents.add(slope);
      return [outs, slopes];
    };
  }
}

function differentiateScan(primals: Raw[], tangents: Raw[], params: Params): [Raw[], Raw[]] {
  const known = tangents.map((tangent, i) => {
    if (!zeroTangents.has(tangent) && isFloat(primals[i]!.dtype as DType)) return tangent;
    tangent.dispose();
    return undefined;
  });
  const [outs, slopes] = pushScan(primals, known, scanParams(params));
  return [outs, outs.map((out, i) => slopes[i] ?? zeroFor(out))];
}

/** Called once by the module of `scan`. */
export function installScan(): void {
  repairRules();
  noteZeroTangents();
  rules.shapes["scan"] = scanShapes;
  rules.evaluation["scan"] = evaluateScan;
  rules.tangents["scan"] = differentiateScan;
  rules.batching["scan"] = mapScan;
  rules.transposition["scan"] = transposeScan;
  rules.transposition["cast"] ??= transposeCast;
  const runPlain = rules.evaluation["jit"]!;
  const run = (args: Raw[], params: Params): Raw[] => {
    const { jaxpr } = params as { jaxpr: Jaxpr };
    return hasScan(jaxpr) ? runWithScans(jaxpr, args, run) : runPlain.call(rules.evaluation, args, params);
  };
  rules.evaluation["jit"] = run;
}

/** Makes `scan` a primitive of jax-js: its rules, entered in the tables of `ruleTables.ts`. */
import { type DType, isFloat } from "./dtype.ts";
import type { Jaxpr, Params, Raw } from "./jaxprs.ts";
import { repairRules } from "./ruleRepairs.ts";
import { rules } from "./ruleTables.ts";
import { mapScan } from "./scanBatch.ts";
import { scanParams, scanShapes } from "./scanEquation.ts";
import { evaluateScan, hasScan, runWithScans } from "./scanReference.ts";
import { pushScan } from "./scanTangents.ts";
import { transposeCast, transposeScan } from "./scanTranspose.ts";
import { isZeroTangent, noteZeroTangents, zeroFor } from "./zeroTangents.ts";

function differentiateScan(primals: Raw[], tangents: Raw[], params: Params): [Raw[], Raw[]] {
  const known = tangents.map((tangent, i) => {
    if (!isZeroTangent(tangent) && isFloat(primals[i]!.dtype as DType)) return tangent;
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

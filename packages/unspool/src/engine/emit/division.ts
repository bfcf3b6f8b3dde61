/** Quotients and remainders, truncated, of integers and floats. */
import type { Node } from "../graph/node.ts";
import type { FunctionBuilder } from "../wasm/index.ts";
import { type Vector, lanePrefix } from "./vectors.ts";

/** Lane by lane through scalar instructions. */
export function scalarLanes(f: FunctionBuilder, inputs: readonly Vector[], body: () => void): Vector {
  const result = f.local("v128");
  f.get(inputs[0]![0]!).set(result);
  for (let lane = 0; lane < 4; lane++) {
    f.get(result);
    for (const [vector] of inputs) f.get(vector!).lane("i32x4.extract_lane", lane);
    body();
    f.lane("i32x4.replace_lane", lane).set(result);
  }
  return [result];
}

/** Division of integers. By zero it gives 0, where the machine would stop. */
function integerDivision(f: FunctionBuilder, inputs: readonly Vector[], node: Node): Vector {
  const isSigned = node.dtype === "int32";
  const name = `i32.${node.op === "idiv" ? "div" : "rem"}_${isSigned ? "s" : "u"}`;
  const [a, b, quotient] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const result = scalarLanes(f, inputs, () => {
    f.set(b).set(a);
    // Divisors 0 and, for signed numbers, -1 are replaced by 1: the machine stops at x / 0 and at -2^31 / -1.
    f.get(a).i32(1).get(b).get(b).op("i32.eqz");
    if (isSigned) f.get(b).i32(-1).op("i32.eq").op("i32.or");
    f.op("select").op(name).set(quotient);
    if (isSigned && node.op === "idiv") {
      f.i32(0)
        .get(quotient)
        .op("i32.sub")
        .get(quotient)
        .get(b)
        .i32(-1)
        .op("i32.eq")
        .op("select")
        .set(quotient);
    }
    f.i32(0).get(quotient).get(b).op("i32.eqz").op("select");
  });
  f.release(a, b, quotient);
  return result;
}

/** Truncated quotient and remainder of floats, as C has them. */
function floatDivision(f: FunctionBuilder, inputs: readonly Vector[], node: Node): Vector {
  const prefix = lanePrefix(node.dtype);
  return inputs[0]!.map((a, i) => {
    const b = inputs[1]![i]!;
    f.get(a, b).op(`${prefix}.div`).op(`${prefix}.trunc`);
    if (node.op === "idiv") return f.save("v128");
    const quotient = f.save("v128");
    f.get(a, quotient, b).op(`${prefix}.mul`).op(`${prefix}.sub`).set(quotient);
    return quotient;
  });
}

export function emitDivision(f: FunctionBuilder, inputs: readonly Vector[], node: Node): Vector {
  const isFloat = node.dtype === "float32" || node.dtype === "float64";
  return isFloat ? floatDivision(f, inputs, node) : integerDivision(f, inputs, node);
}

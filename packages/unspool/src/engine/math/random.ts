/**
 * Random bits and normal numbers in vector code: Threefry-2x32 with 20 rounds (Salmon et al. 2011) on four lanes, the
 * bits of `array/threefry.ts`, and the Box-Muller transform in f32.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { Lanes, type MathOptions } from "./lanes.ts";
import { logOfNormal } from "./log.ts";

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const parity = 0x1bd11bda;

/** Leaves the rotated lanes on the stack; whole bytes are moved by one shuffle instead of three instructions. */
function rotateLeft(f: FunctionBuilder, x: Local, by: number): void {
  if (by % 8 === 0) {
    const bytes = Array.from({ length: 16 }, (_, i) => (i & ~3) | ((i - by / 8) & 3));
    f.get(x, x).shuffle(bytes);
    return;
  }
  f.get(x).i32(by).op("i32x4.shl");
  f.get(x)
    .i32(32 - by)
    .op("i32x4.shr_u")
    .op("v128.or");
}

/** The two output words of each lane, in locals that the caller releases. The operands are not changed. */
export function emitThreefry(f: FunctionBuilder, k0: Local, k1: Local, c0: Local, c1: Local): [Local, Local] {
  const k2 = f.get(k0, k1).op("v128.xor").get(f.constant("i32x4", parity)).op("v128.xor").save("v128");
  const schedule = [k0, k1, k2];
  const x0 = f.get(c0, k0).op("i32x4.add").save("v128");
  const x1 = f.get(c1, k1).op("i32x4.add").save("v128");
  for (let group = 0; group < 5; group++) {
    for (const by of rotations[group % 2]!) {
      f.get(x0, x1).op("i32x4.add").set(x0);
      rotateLeft(f, x1, by);
      f.get(x0).op("v128.xor").set(x1);
    }
    f.get(x0, schedule[(group + 1) % 3]!)
      .op("i32x4.add")
      .set(x0);
    f.get(schedule[(group + 2) % 3]!, f.constant("i32x4", group + 1)).op("i32x4.add");
    f.get(x1).op("i32x4.add").set(x1);
  }
  f.release(k2);
  return [x0, x1];
}

/** sin(2 pi w) / w on |w| <= 1/4 in w^2: minimax fit (Remez exchange, relative weight). */
const sineOfTurns = [
  6.2831854820251465, -41.341766357421875, 81.60863494873047, -76.72797393798828, 40.87576675415039,
];

/**
 * Leaves sqrt(-2 log(1 - u1)) cos(2 pi u2) on the stack (f32x4), a standard normal number for u1, u2 uniform multiples
 * of 2^-23 from 0 to below 1, for which 1 - u1 and the reduction of the angle are exact.
 */
export function emitBoxMuller(f: FunctionBuilder, u1: Local, u2: Local, options: MathOptions): void {
  const v = new Lanes(f, "f32x4", options);
  const log = logOfNormal(v, v.keep(v.sub(v.constant(1), u1)));
  const radius = v.keep(v.op("sqrt", v.mul(log, v.constant(-2))));
  // cos(2 pi u) = sin(2 pi (|u - 1/2| - 1/4)).
  const w = v.keep(v.sub(v.op("abs", v.sub(u2, v.constant(0.5))), v.constant(0.25)));
  const z = v.keep(v.mul(w, w));
  v.push(v.mul(v.mul(v.polynomial(z, sineOfTurns), w), radius));
  v.release();
}

/**
 * Reduction of large f64 arguments modulo pi, after Payne and Hanek, in whole numbers: of x = m 2^e, m times the bits
 * of 1 / (2 pi) from the e-th on is x / (2 pi) without its whole part, and 192 of them leave 128 good ones. Lanes are
 * done one after the other, behind a branch that ordinary arguments do not take.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { Lanes } from "./lanes.ts";
import type { LargeArgument } from "./reduction.ts";

/** The bits of 1 / (2 pi) behind 64 zeros. */
// prettier-ignore
const words: readonly bigint[] = [
  0n, 0x28be60db9391054an, 0x7f09d5f47d4d3770n, 0x36d8a5664f10e410n,
  0x7f9458eaf7aef158n, 0x6dc91b8e909374b8n, 0x01924bba82746487n, 0x3f877ac72c4a69cfn,
  0xba208d7d4baed121n, 0x3a671c09ad17df90n, 0x4e64758e60d4ce7dn, 0x272117e2ef7e4a0en,
  0xc7fe25fff7816603n, 0xfbcbc462d6829b47n, 0xdb4d9fb3c9f2c26dn, 0xd3d18fd9a797fa8bn,
  0x5d49eeb1faf97c5en, 0xcf41ce7de294a4ban, 0x9afed7ec47e35742n, 0x1580cc11bf1edaean,
];

/** Replaces remainders and multiples in the lanes where |x| > limit; NaN where x is infinite. */
export function reduceWide(v: Lanes, { x, limit, period, offset, r, multiple }: LargeArgument): void {
  const { f } = v;
  const isLarge = v.keep(v.op("gt", v.op("abs", x), v.constant(limit)));
  f.get(isLarge).op("v128.any_true");
  f.if(() => {
    const [pair, remainders, multiples] = [v.keep(x), v.keep(x), v.keep(x)];
    const pass = f.local("i32");
    // The low lane, twice: results come in at the high end.
    f.forLoop(pass, 0, 2, 1, () => {
      const rest = reduceLane(f, pair, period, offset);
      f.get(remainders).get(rest.r).op("f64x2.splat").shuffle32(2, 3, 4, 5).set(remainders);
      f.get(multiples).get(rest.multiple).op("i64x2.splat").shuffle32(2, 3, 4, 5).set(multiples);
      f.get(pair, pair).shuffle32(2, 3, 0, 1).set(pair);
      f.release(rest.r, rest.multiple);
    });
    f.release(pass);
    const orNaN = v.add(remainders, v.sub(x, x));
    v.push(v.select(isLarge, orNaN, r));
    f.set(r);
    v.push(v.select(isLarge, multiples, multiple));
    f.set(multiple);
  });
}

/** Remainder (f64) of the low lane, and its multiple (i64), of which the lowest bit is right. */
function reduceLane(
  f: FunctionBuilder,
  pair: Local,
  period: 1 | 0.5,
  offset: 0 | 0.5,
): { r: Local; multiple: Local } {
  const bits = f.get(pair).lane("i64x2.extract_lane", 0).save("i64");
  const high = f.local("i64");
  const low = f.local("i64");
  turnsOf(f, bits, period, high, low);
  // Minus them, where x is negative.
  f.get(bits).i64(0n).op("i64.lt_s");
  f.if(() => negate(f, high, low));
  // Half a period is a quarter of what high counts; the nearest multiple is the one below after another half.
  if (offset !== 0)
    f.get(high)
      .i64(1n << 62n)
      .op("i64.sub")
      .set(high);
  const multiple = f
    .get(high)
    .i64(1n << 62n)
    .op("i64.add")
    .i64(63n)
    .op("i64.shr_u")
    .save("i64");
  // Without the bit that counts whole periods: a fraction of one, with a sign.
  f.get(high).i64(1n).op("i64.shl").get(low).i64(63n).op("i64.shr_u").op("i64.or").set(high);
  f.get(low).i64(1n).op("i64.shl").set(low);
  const sign = f.get(high).i64(63n).op("i64.shr_u").save("i64");
  f.get(sign).op("i32.wrap_i64");
  f.if(() => negate(f, high, low));
  // Its leading 64 bits, and the power of two that they were shifted by. No double is nearer to a multiple than 2^-61.
  const zeros = f.get(high).op("i64.clz").i64(63n).op("i64.and").save("i64");
  f.get(high, zeros).op("i64.shl");
  shiftedDown(f, low, zeros);
  f.op("i64.or")
    .op("f64.convert_i64_u")
    .f64(Math.PI * period)
    .op("f64.mul");
  f.i64(1023n - 64n)
    .get(zeros)
    .op("i64.sub")
    .get(sign)
    .i64(11n)
    .op("i64.shl")
    .op("i64.or");
  f.i64(52n).op("i64.shl").op("f64.reinterpret_i64").op("f64.mul");
  const r = f.save("f64");
  f.release(bits, high, low, sign, zeros);
  return { r, multiple };
}

/** |x| / (2 periods) without its whole part, in 128 bits. */
function turnsOf(f: FunctionBuilder, bits: Local, period: 1 | 0.5, high: Local, low: Local): void {
  const exponent = f.get(bits).i64(52n).op("i64.shr_u").i64(2047n).op("i64.and").save("i64");
  const fraction = f
    .get(bits)
    .i64((1n << 52n) - 1n)
    .op("i64.and")
    .i64(1n << 52n)
    .op("i64.or")
    .save("i64");
  // The first bit of 1 / (2 pi) that counts, after the 64 zeros.
  const from = f
    .get(exponent)
    .i64(64n - 1075n + (period === 1 ? 0n : 1n))
    .op("i64.add")
    .save("i64");
  const shift = f.get(from).i64(63n).op("i64.and").save("i64");
  const four = words.slice(0, 4).map((word) => f.i64(BigInt.asIntN(64, word)).save("i64")) as [
    Local,
    Local,
    Local,
    Local,
  ];
  f.block(() => {
    for (let k = 4; k < words.length; k++) {
      f.get(from)
        .i64(BigInt(64 * (k - 3)))
        .op("i64.lt_s")
        .brIf(0);
      for (let i = 0; i < 3; i++) f.get(four[i + 1]!).set(four[i]!);
      f.i64(BigInt.asIntN(64, words[k]!)).set(four[3]);
    }
  });
  for (let i = 0; i < 3; i++) {
    f.get(four[i]!, shift).op("i64.shl");
    shiftedDown(f, four[i + 1]!, shift);
    f.op("i64.or").set(four[i]!);
  }
  // Low 128 bits of the product with the first two words; of the third one only what is carried.
  const middle = f.get(fraction, four[1]).op("i64.mul").save("i64");
  highProduct(f, fraction, four[2]);
  f.get(middle).op("i64.add").set(low);
  f.get(fraction, four[0]).op("i64.mul");
  highProduct(f, fraction, four[1]);
  f.op("i64.add").get(low, middle).op("i64.lt_u").op("i64.extend_i32_u").op("i64.add").set(high);
  f.release(exponent, fraction, from, shift, middle, ...four);
}

/** Pushes value >> (64 - by), which is 0 for by = 0. */
function shiftedDown(f: FunctionBuilder, value: Local, by: Local): void {
  f.get(value).i64(1n).op("i64.shr_u").i64(63n).get(by).op("i64.sub").op("i64.shr_u");
}

/** 128 bits, negated. */
function negate(f: FunctionBuilder, high: Local, low: Local): void {
  f.i64(-1n).get(high).op("i64.xor").get(low).op("i64.eqz").op("i64.extend_i32_u").op("i64.add").set(high);
  f.i64(0n).get(low).op("i64.sub").set(low);
}

/** Pushes the high 64 bits of a b, by halves; a has at most 53 bits. */
function highProduct(f: FunctionBuilder, a: Local, b: Local): void {
  const mask = (1n << 32n) - 1n;
  const half = (x: Local, isHigh: boolean): FunctionBuilder =>
    isHigh ? f.get(x).i64(32n).op("i64.shr_u") : f.get(x).i64(mask).op("i64.and");
  const product = (isHighA: boolean, isHighB: boolean): void => {
    half(a, isHighA);
    half(b, isHighB).op("i64.mul");
  };
  product(true, false);
  product(false, false);
  const first = f.i64(32n).op("i64.shr_u").op("i64.add").save("i64");
  product(false, true);
  half(first, false).op("i64.add").i64(32n).op("i64.shr_u");
  half(first, true).op("i64.add");
  product(true, true);
  f.op("i64.add");
  f.release(first);
}

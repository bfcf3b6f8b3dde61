/**
 * erf and erfc. erf in f32 is x N(x^2) / D(x^2) on |x| <= 3.93, from where on it is 1 (and held below); in f64 it is -expm1(-x S(x)),
 * S(x) = -log(erfc x) / x being smooth on [0, 5.95]. erfc x = e^(-x^2) R(x) for x >= 0, where R(x) = e^(x^2) erfc x, and
 * 2 - erfc(-x) below. R and S are rational minimax fits (Remez exchange, relative weight).
 */
import type { Local } from "../wasm/index.ts";
import { expBounded, halfExpm1 } from "./exp.ts";
import { type FloatLanes, type Lanes, type Operand, type UnaryEmitter, unary } from "./lanes.ts";

type Rational = readonly [numerator: readonly number[], denominator: readonly number[]];

const erfRational: Rational = [
  [
    1.1283791453604484, 0.1907844889891871, 0.052790350475004466, 0.0037796302284275572, 0.000284807844043291,
    2.041950311680755e-6,
  ],
  [
    1, 0.5024110707599747, 0.11425777355129237, 0.014997481799637606, 0.001165215426064503,
    3.8003821398288845e-5,
  ],
];

const rationalS: Rational = [
  [
    1.1283791670955126, 2.641270025041758, 2.9330084827492025, 1.9890844493639877, 0.8933252934658428,
    0.2705445796801616, 0.053822290905780286, 0.006481170612026335, 0.0003910473143069454,
    7.805124128123215e-6,
  ],
  [
    1, 1.7765750300355154, 1.5059061154121824, 0.7683056125485461, 0.251363355354383, 0.05232462651803678,
    0.006439627309927708, 0.0003909603430502541, 7.805520756478611e-6,
  ],
];

const rationalR: Record<FloatLanes, Rational> = {
  f32x4: [
    [1, 1.2322787703645457, 0.7251977383802423, 0.2261707608673644, 0.03215863625569715],
    [
      1, 2.360658443255273, 2.38890728110547, 1.313411258806068, 0.40090677711040223, 0.05699888791482408,
    ],
  ],
  f64x2: [
    [
      1, 2.3410461954851667, 2.716944120478951, 2.0198256446763807, 1.0552484518440453, 0.402997712029534,
      0.1137812985160657, 0.023480539759262363, 0.003402533896915608, 0.0003148494939028899,
      1.4302499175414595e-5,
    ],
    [
      1, 3.4694253625806795, 5.63177142140777, 5.657426605920104, 3.9170842192108366, 1.9682314619572117,
      0.7348249074349312, 0.20467484250573442, 0.041897201219959615, 0.006043509568221347,
      0.0005580561979248187, 2.535051974103052e-5,
    ],
  ],
};

function erfDirect(v: Lanes, x: Local): Operand {
  const [numerator, denominator] = erfRational;
  const clamped = v.keep(v.atMost(v.atLeast(x, -3.93), 3.93));
  const z = v.keep(v.mul(clamped, clamped));
  const ratio = v.div(v.mul(v.polynomial(z, numerator), clamped), v.polynomial(z, denominator));
  return v.atMost(v.atLeast(ratio, -1), 1);
}

function erfByExpm1(v: Lanes, x: Local): Operand {
  const [numerator, denominator] = rationalS;
  const magnitude = v.keep(v.atMost(v.op("abs", x), 5.95));
  const top = v.mul(v.polynomial(magnitude, numerator), magnitude);
  const exponent = v.keep(v.op("neg", v.div(top, v.polynomial(magnitude, denominator))));
  const half = v.keep(halfExpm1(v, exponent));
  return v.withSignOf(v.op("abs", v.add(half, half)), x);
}

function erfc(v: Lanes, x: Local): Operand {
  const [numerator, denominator] = rationalR[v.type];
  const magnitude = v.keep(v.atMost(v.op("abs", x), 28));
  const ratio = v.keep(v.div(v.polynomial(magnitude, numerator), v.polynomial(magnitude, denominator)));
  // x^2 in two parts: the upper half of the bits of x squared, exactly, and the rest.
  const lowerBits = v.bits(v.type === "f32x4" ? (1n << 12n) - 1n : (1n << 27n) - 1n);
  const upper = v.keep(v.instruction("v128.andnot", magnitude, lowerBits));
  const square = v.keep(v.op("neg", v.mul(upper, upper)));
  const rest = v.mul(v.sub(upper, magnitude), v.add(upper, magnitude));
  const tail = v.keep(v.mul(expBounded(v, square, rest), ratio));
  return v.select(v.op("lt", x, v.constant(0)), v.sub(v.constant(2), tail), tail);
}

export const erf32: UnaryEmitter = unary("f32x4", erfDirect);
export const erf64: UnaryEmitter = unary("f64x2", erfByExpm1);
export const erfc32: UnaryEmitter = unary("f32x4", erfc);
export const erfc64: UnaryEmitter = unary("f64x2", erfc);

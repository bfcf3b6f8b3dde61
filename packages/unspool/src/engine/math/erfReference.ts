/**
 * erf and erfc to the last bit of a double, for tests, by fixed-point arithmetic on BigInt. Up to |x| = 6, erf is
 * 2 / sqrt(pi) e^(-x^2) sum (2 x^2)^n x / (2n + 1)!!, all terms positive (Abramowitz and Stegun 7.1.6); beyond, erfc is
 * e^(-x^2) / sqrt(pi) over the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...))) (7.1.14).
 */
const fractionBits = 256n;
const one = 1n << fractionBits;
/** Floor of sqrt(pi) 2^256, from Newton's iteration on Machin's series. */
const sqrtPi = squareRoot(machinPi() << fractionBits);

/** 16 (arctan 1/5) - 4 (arctan 1/239). */
function machinPi(): bigint {
  const arctanInverse = (n: bigint) => {
    let power = one / n;
    let sum = power;
    for (let k = 3n, sign = -1n; power > 0n; k += 2n, sign = -sign) {
      power /= n * n;
      sum += (sign * power) / k;
    }
    return sum;
  };
  return 16n * arctanInverse(5n) - 4n * arctanInverse(239n);
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length / 2 + 1) | 0);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function toFixed(value: number): bigint {
  const exponent = Math.max(-1074, Math.floor(Math.log2(value)) - 53);
  return (BigInt(value * 2 ** -exponent) << fractionBits) >> BigInt(-exponent);
}

/** The ratio of two positive integers, rounded once (up to a tie). */
function ratio(numerator: bigint, denominator: bigint): number {
  const shift = denominator.toString(2).length - numerator.toString(2).length + 120;
  const quotient =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : (numerator >> BigInt(-shift)) / denominator;
  // In two steps, as 2^-shift may be out of range.
  return Number(quotient) * 2 ** -Math.floor(shift / 2) * 2 ** -Math.ceil(shift / 2);
}

/** e^y as the 1024th power of e^(y / 1024). */
function exponential(y: bigint): bigint {
  const reduced = y >> 10n;
  let term = one;
  let power = one;
  for (let n = 1n; term > 0n; n++) {
    term = ((term * reduced) >> fractionBits) / n;
    power += term;
  }
  for (let i = 0; i < 10; i++) power = (power * power) >> fractionBits;
  return power;
}

/** erf |x| as numerator and denominator, |x| <= 6. */
function erfSeries(x: bigint): [bigint, bigint] {
  const square = (x * x) >> fractionBits;
  let term = x;
  let sum = x;
  for (let n = 1n; term > 0n; n++) {
    term = ((term * 2n * square) >> fractionBits) / (2n * n + 1n);
    sum += term;
  }
  return [2n * sum * one, sqrtPi * exponential(square)];
}

export function erfReference(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude === 0 || Number.isNaN(x)) return x;
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 1e-20) return (x * 2) / Math.sqrt(Math.PI);
  return Math.sign(x) * ratio(...erfSeries(toFixed(magnitude)));
}

export function erfcReference(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (magnitude > 28) return x > 0 ? 0 : 2;
  if (magnitude < 1e-20) return 1;
  const fixed = toFixed(magnitude);
  if (magnitude <= 6) {
    const [numerator, denominator] = erfSeries(fixed);
    return ratio(x > 0 ? denominator - numerator : denominator + numerator, denominator);
  }
  if (x < 0) return 2;
  let fraction = fixed;
  for (let n = 120n; n > 0n; n--) fraction = fixed + (n * one * one) / (2n * fraction);
  const power = exponential((fixed * fixed) >> fractionBits);
  return ratio(one * one * one, sqrtPi * power * fraction);
}

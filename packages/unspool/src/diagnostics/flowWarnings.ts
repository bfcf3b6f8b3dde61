/**
 * What makes exponents of a flow doubtful, in sentences: jumps that it runs over, and no exponent that is the rate of the
 * motion itself. A smooth autonomous flow carries its own motion along, A d_t = d_{t+1}: one exponent is the rate at which
 * that grows, 0 where the flow neither rests nor escapes (Haken 1983).
 */
import type { LyapunovResult } from "./lyapunov.ts";
import type { MotionJumps } from "./motionJumps.ts";

type Exponents = Pick<LyapunovResult, "exponents" | "standardErrors" | "stateSize" | "steps" | "dt">;

/** Standard errors by which an exponent may miss the rate of the motion. */
const errorsAllowed = 6;
/** ln of the ratio of two speeds along a trajectory, which moves finite-time exponents by this over the time. */
const speedsAllowed = 3;
/** A step that is not small moves small exponents by a share of the largest. */
const shareAllowed = 0.005;

/** No sentences for maps: their jumps lie between states and do no harm to exponents. */
export function flowWarnings(found: Exponents, motion: MotionJumps): string[] {
  if (!motion.isFlow) return [];
  return [...jumpWords(motion), ...neutralWords(found, motion)];
}

function jumpWords({ jumps, missed }: MotionJumps): string[] {
  if (jumps.length === 0) return [];
  const largest = missed.reduce((most, value) => Math.max(most, value), 0);
  return [
    `The flow jumps: at ${jumps.length} of ${missed.length} steps (the first: ${jumps[0]}) the motion changes by up to ` +
      `${short(100 * largest)} % of its size where derivatives see nothing. Exponents and gradients are those of the smooth ` +
      "pieces: they miss that neighbours cross the jump at other times. Make it smooth, or measure differences of losses.",
  ];
}

function neutralWords(
  { exponents, standardErrors, stateSize, steps, dt }: Exponents,
  motion: MotionJumps,
): string[] {
  const { isAutonomous, rate } = motion;
  const isWhole = exponents.length === stateSize;
  // Where not all are known, the missing one may be among the smaller ones.
  if (!isAutonomous || !Number.isFinite(rate) || (!isWhole && exponents.at(-1)! > rate)) return [];
  const largest = exponents.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  );
  const common = speedsAllowed / (steps * dt) + shareAllowed * largest;
  const isNear = exponents.some(
    (value, j) => Math.abs(value - rate) <= errorsAllowed * standardErrors[j]! + common,
  );
  if (isNear) return [];
  const nearest = exponents.reduce((best, value) =>
    Math.abs(value - rate) < Math.abs(best - rate) ? value : best,
  );
  return [
    `No exponent is ${short(rate)}, the rate at which the motion itself grows and which a smooth flow must have among its ` +
      `exponents; the nearest is ${short(nearest)}. The flow has jumps, or its steps are too large.`,
  ];
}

const short = (value: number): string =>
  Math.abs(value) < 5e-3 ? "0" : String(Number(value.toPrecision(2)));

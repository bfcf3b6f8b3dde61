/**
 * A loop as a loop over segments of it: what is kept for reverse mode is the carry before each segment, and before
 * each step of the segment that is being reversed. n checkpoints of T steps make segments of ceil(T / n) steps.
 */
import * as jax from "@jax-js/jax";
import { type Raw, avalsOf, bind, record } from "./jaxprs.ts";
import { type Parts, type ScanParams, bindScan, bodyAvals, partsOf } from "./scanEquation.ts";

/** The outputs of `scan` for `args`, computed by nested scans. */
export function segmented(args: Raw[], scan: ScanParams): Raw[] {
  const { length, numCarry } = scan;
  const stepsPerSegment = Math.ceil(length / scan.checkpoints);
  const numSegments = Math.floor(length / stepsPerSegment);
  const numWhole = numSegments * stepsPerSegment;
  const inputs = partsOf(scan, args);
  // A reversed loop begins with the last rows.
  const ranges = [{ start: 0, segments: numSegments, steps: stepsPerSegment }];
  if (numWhole < length) ranges.push({ start: numWhole, segments: 1, steps: length - numWhole });
  if (scan.reverse) ranges.reverse();
  let { carry } = inputs;
  const pieces: Raw[][] = [];
  for (const { start, segments, steps } of ranges) {
    const consts = inputs.consts.map((raw) => raw.ref);
    const xs = inputs.xs.map((raw) =>
      rowsOf(raw.ref, start, start + segments * steps).reshape([segments, steps, ...raw.shape.slice(1)]),
    );
    const outs = overSegments({ consts, carry, xs }, scan, segments, steps);
    carry = outs.slice(0, numCarry);
    pieces.push(outs.slice(numCarry).map((raw) => raw.reshape([segments * steps, ...raw.shape.slice(2)])));
  }
  for (const raw of [...inputs.consts, ...inputs.xs]) raw.dispose();
  if (scan.reverse) pieces.reverse();
  const [first, second] = pieces;
  if (second === undefined) return [...carry, ...first!];
  return [...carry, ...first!.map((raw, i) => jax.numpy.concatenate([raw, second[i]!], 0))];
}

function rowsOf(raw: Raw, start: number, end: number): Raw {
  return start === 0 && end === raw.shape[0] ? raw : raw.slice([start, end]);
}

function overSegments(args: Parts<Raw>, scan: ScanParams, segments: number, steps: number): Raw[] {
  const avals: Parts<ReturnType<typeof avalsOf>[number]> = {
    consts: avalsOf(args.consts),
    carry: avalsOf(args.carry),
    xs: avalsOf(args.xs),
  };
  const inner: ScanParams = { ...scan, length: steps, checkpoints: steps };
  const body = record(bodyAvals(avals), (...rows) => bind("scan", rows, inner));
  return bindScan(body, args, { length: segments, reverse: scan.reverse, checkpoints: segments });
}

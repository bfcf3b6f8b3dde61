/**
 * Operations of random programs. Floats stay between -2 and 2, and every operation keeps errors about as large as they
 * were. What is decided (comparisons, positions, whole numbers) is decided by values that have no rounding at all.
 */
import {
  quotient,
  root,
  unary,
  exactUnary,
  binary,
  extremum,
  compare,
  select,
  wholeBinary,
  cast,
} from "./arithmetic.ts";
import { view, join, split, reduce, reduceWhole, product, gather, order, draw } from "./movement.ts";
import type { Operation } from "./pool.ts";

const times = (count: number, operation: Operation): Operation[] =>
  Array.from({ length: count }, () => operation);

/** Sums, products, roots, and what moves elements: by how often they are taken. */
export const arithmetic: readonly Operation[] = [
  ...times(2, root),
  ...times(2, exactUnary),
  ...times(4, binary),
  extremum,
  compare,
  select,
  ...times(5, view),
  ...times(2, join),
  split,
  ...times(4, reduce),
  ...times(3, product),
  ...times(2, gather),
];

/** What treats the rows of a long array one like the other. */
export const rowwise: readonly Operation[] = [
  ...times(4, unary),
  ...times(2, exactUnary),
  ...times(4, binary),
  quotient,
  extremum,
  ...times(4, product),
  ...times(2, reduce),
];

/** All operations, by how often they are taken. */
export const operations: readonly Operation[] = [
  ...times(4, unary),
  ...times(2, exactUnary),
  ...times(4, binary),
  quotient,
  extremum,
  compare,
  select,
  ...times(2, wholeBinary),
  cast,
  ...times(5, view),
  ...times(2, join),
  split,
  ...times(3, reduce),
  reduceWhole,
  ...times(2, product),
  ...times(2, gather),
  order,
  draw,
];

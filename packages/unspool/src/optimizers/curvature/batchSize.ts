/** Batches that grow while an optimizer of the whole loss gets near its end (Martens and Grosse 2015, section 13). */
import { requireInteger, requireKnownOptions } from "../../errors.ts";

export interface BatchSizeOptions {
  /** m₁: examples at the first step. Default 1000. */
  first?: number;
  /** |S|: all examples, which no batch exceeds. */
  full: number;
  /** Step, from 1, at which batches are full. Default 500. */
  fullAt?: number;
}

/**
 * m_k = min(m₁ exp((k - 1) / b), |S|) for step k from 1, rounded, with b such that the batch is full at `fullAt`. A step
 * is compiled anew for each size: round to few of them where compiling costs more than examples.
 *
 * @example
 * const sizeAt = batchSize({ full: 60_000 });
 * sizeAt(1); // 1000
 */
export function batchSize(options: BatchSizeOptions): (k: number) => number {
  requireKnownOptions("batchSize", options, ["first", "full", "fullAt"]);
  const { first = 1000, full, fullAt = 500 } = options;
  requireInteger("batchSize", "first", first, 1);
  requireInteger("batchSize", "full", full, first);
  requireInteger("batchSize", "fullAt", fullAt, 2);
  const growth = Math.log(full / first) / (fullAt - 1);
  return (k) => Math.min(full, Math.round(first * Math.exp((k - 1) * growth)));
}

/** Batches of examples in the order of a key. */
import { type Key, type Tensor, np, random } from "../array/index.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";

/** All examples once, in batches of `size` and a last one of what is left; as they stand where one batch holds them all. */
export function batchesOf({ inputs, targets }: EvidenceData, size: number, key: Key): EvidenceData[] {
  const count = inputs.shape[0]!;
  if (size >= count) return [{ inputs, targets }];
  const order = random.permutation(key, count) as Tensor;
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const rows = order.slice([i * size, Math.min(count, (i + 1) * size)]);
    return { inputs: np.take(inputs, rows, 0), targets: np.take(targets, rows, 0) };
  });
}

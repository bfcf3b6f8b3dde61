import { type Tensor, lax, np } from "../../array/index.ts";

/** log Σ_b exp(-E_b) of energies [D], from the lowest one up, so that nothing overflows. */
export function logPartition(energies: Tensor): Tensor {
  const least = lax.stopGradient(energies.min() as Tensor);
  return (np.log(np.exp(least.sub(energies)).sum()) as Tensor).sub(least);
}

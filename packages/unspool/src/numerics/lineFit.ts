/** The least-squares line through points (x, y), float64. At least two different x. */
export function lineFit(points: readonly (readonly [number, number])[]): {
  slope: number;
  intercept: number;
} {
  const count = points.length;
  const [meanX, meanY] = [0, 1].map(
    (axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / count,
  ) as [number, number];
  let [sxx, sxy] = [0, 0];
  for (const [x, y] of points) {
    sxx += (x - meanX) ** 2;
    sxy += (x - meanX) * (y - meanY);
  }
  const slope = sxy / sxx;
  return { slope, intercept: meanY - slope * meanX };
}

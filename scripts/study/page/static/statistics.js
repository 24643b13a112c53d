// Figures over images and over codecs: quantiles, bands, and the points that no other point beats.

/** The value below which a share of the values lies, interpolated between neighbours; null for none. */
export function quantile(values, share) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b), at = share * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/**
 * The tenth, fiftieth and ninetieth percentile over images of a codec at each quality, by rising median rate.
 *
 * `points` are {quality, rate, value}, one for each image; a quality at which one has no finite value is left out.
 */
export function bands(points) {
  const lists = new Map();
  for (const point of points) {
    if (!lists.has(point.quality)) lists.set(point.quality, []);
    lists.get(point.quality).push(point);
  }
  const finite = (value) => value !== null && Number.isFinite(value);
  return [...lists].filter(([, list]) => list.every(({ rate, value }) => finite(rate) && finite(value)))
    .map(([quality, list]) => {
      const at = (name, share) => quantile(list.map((point) => point[name]), share);
      return { quality, rate: at("rate", 0.5), low: at("value", 0.1), middle: at("value", 0.5), high: at("value", 0.9) };
    }).sort((a, b) => a.rate - b.rate);
}

/** The points {rate, value} that no other has at a lower or equal rate with a better or equal value, by rising rate. */
export function front(points, higherIsBetter) {
  const sign = higherIsBetter ? 1 : -1, best = [];
  for (const point of [...points].sort((a, b) => a.rate - b.rate || sign * (b.value - a.value))) {
    if (!best.length || sign * point.value > sign * best.at(-1).value) best.push(point);
  }
  return best;
}

/** The images that have one of the tags; all images where none is chosen. */
export const tagged = (images, tag) => (tag ? images.filter((image) => image.tags.includes(tag)) : images);
